/** Smallest Annex B pictures that the pipeline takes for H.264: parameter sets and slices without content. */
export function h264Keyframe(profile = 0x42, level = 0x1e): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...[0, 0, 0, 1, 0x67, profile, 0xc0, level, 0xaa], ...[0, 0, 0, 1, 0x65, 0x88, 0x80]);
}

export function h264Delta(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0, 0, 0, 1, 0x41, 0x9a, 0x80);
}
