/** A fragmented MP4, cut where a server would send it: one fragment per picture. */
export interface FragmentedClip {
  /** ftyp and moov. */
  readonly head: Uint8Array;
  /** moof and mdat each. */
  readonly fragments: readonly Uint8Array[];
}

/** Cuts a file of FFmpeg's `frag_every_frame` at its boxes (ISO/IEC 14496-12 4.2). */
export function fragmentsOf(file: Uint8Array): FragmentedClip {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const fragments: Uint8Array[] = [];
  let headEnd = 0;
  let start = 0;
  for (let at = 0; at + 8 <= file.length; ) {
    const bytes = view.getUint32(at);
    if (bytes < 8) break;
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (type === "moov") headEnd = at + bytes;
    if (type === "moof") start = at;
    if (type === "mdat") fragments.push(file.subarray(start, at + bytes));
    at += bytes;
  }
  return { head: file.subarray(0, headEnd), fragments };
}
