/** One picture of an Annex B stream in decode order, parameter sets included. */
export interface StreamUnit {
  readonly data: Uint8Array;
  readonly keyframe: boolean;
}

const H264 = { idr: 5, delimiter: 9 } as const;

/**
 * Cuts an H.264 Annex B file that has access unit delimiters (FFmpeg: `-bsf:v h264_metadata=aud=insert`) into
 * pictures. For tests and benchmarks: the real depacketiser makes the same units from RTP.
 */
export function unitsOf(file: Uint8Array): StreamUnit[] {
  const starts: { readonly at: number; readonly type: number }[] = [];
  for (let i = 0; i + 3 < file.length; i++) {
    if (file[i] === 0 && file[i + 1] === 0 && file[i + 2] === 1)
      starts.push({ at: i, type: (file[i + 3] ?? 0) & 0x1f });
  }
  const units: StreamUnit[] = [];
  const heads = starts.filter(({ type }) => type === H264.delimiter);
  heads.forEach(({ at }, index) => {
    const end = heads[index + 1]?.at ?? file.length;
    const keyframe = starts.some((start) => start.type === H264.idr && start.at >= at && start.at < end);
    // A four-byte start code's first zero belongs to the unit that it starts.
    const from = at > 0 && file[at - 1] === 0 ? at - 1 : at;
    const to = end < file.length && file[end - 1] === 0 ? end - 1 : end;
    units.push({ data: file.subarray(from, to), keyframe });
  });
  return units;
}
