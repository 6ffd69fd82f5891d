/** NAL units between Annex B start codes (H.264 B.1), without the codes and the zeros around them. Views into `bytes`. */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let start = -1;
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue;
    if (start >= 0) units.push(trimZeros(bytes, start, at));
    start = at + 3;
    at += 2;
  }
  if (start >= 0) units.push(trimZeros(bytes, start, bytes.length));
  return units.filter((unit) => unit.length > 0);
}

function trimZeros(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let last = end;
  while (last > start && bytes[last - 1] === 0) last--;
  return bytes.subarray(start, last);
}
