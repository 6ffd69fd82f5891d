/**
 * A frame index that can be read back from drawn pixels: 20 black or white blocks along the top edge of the picture,
 * most significant bit first, 16 bits of index and 4 check bits. Used to measure latency from camera to screen.
 */
export const stampGeometry = {
  clip: "stamp-360p30.h264",
  width: 640,
  height: 360,
  framesPerSecond: 30,
  frameCount: 600,
  /** Block size in the clip's own pixels; read the middle of each block. */
  blockWidth: 32,
  blockHeight: 32,
  blocks: 20,
} as const;

/** XOR of the four nibbles, and a constant so that an all-black strip is no valid stamp. */
const checkOf = (index: number): number => (index ^ (index >> 4) ^ (index >> 8) ^ (index >> 12) ^ 0b0110) & 0xf;

/** The blocks of a frame index (modulo 2^16), true for white. */
export function stampBlocks(frameIndex: number): boolean[] {
  const index = frameIndex & 0xffff;
  const word = (index << 4) | checkOf(index);
  return Array.from({ length: stampGeometry.blocks }, (_, at) => ((word >> (stampGeometry.blocks - 1 - at)) & 1) === 1);
}

/** The frame index of a strip of blocks, or undefined when the check bits disagree (torn, scaled away or no stamp). */
export function readStamp(blocks: readonly boolean[]): number | undefined {
  if (blocks.length !== stampGeometry.blocks) return undefined;
  const word = blocks.reduce((value, white) => (value << 1) | (white ? 1 : 0), 0);
  const index = word >> 4;
  return checkOf(index) === (word & 0xf) ? index : undefined;
}

/**
 * Reads a stamp through a sampler of brightness (0 to 255) at a place of the picture given as fractions of its width
 * and height, so that it works at any drawn size.
 */
export function sampleStamp(luma: (x: number, y: number) => number): number | undefined {
  const { blocks, blockWidth, blockHeight, width, height } = stampGeometry;
  const y = blockHeight / 2 / height;
  return readStamp(Array.from({ length: blocks }, (_, at) => luma(((at + 0.5) * blockWidth) / width, y) > 127));
}
