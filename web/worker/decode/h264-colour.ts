import type { StatedColour } from "../screen/colour.ts";
import { BitReader } from "./bit-reader.ts";

/** Profiles whose parameter sets say the chroma format and may carry scaling lists (H.264 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const EXTENDED_ASPECT_RATIO = 255;

/** H.264 table E-5. The rest (2: unspecified) leaves the choice to the default by size. */
const MATRICES = new Map<number, StatedColour["matrix"]>([
  [1, "bt709"],
  [4, "bt601"],
  [5, "bt601"],
  [6, "bt601"],
  [7, "bt709"],
  [9, "bt2020"],
]);

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  for (let i = 0; i < size && last !== 0; i++) last = (last + reader.signed() + 256) % 256;
}

function skipChromaFormat(reader: BitReader): void {
  const chromaFormat = reader.unsigned();
  if (chromaFormat === 3) reader.flag();
  reader.unsigned();
  reader.unsigned();
  reader.flag();
  if (!reader.flag()) return;
  const lists = chromaFormat === 3 ? 12 : 8;
  for (let i = 0; i < lists; i++) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64);
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.unsigned();
  if (type === 0) reader.unsigned();
  if (type !== 1) return;
  reader.flag();
  reader.signed();
  reader.signed();
  const frames = Math.min(255, reader.unsigned());
  for (let i = 0; i < frames; i++) reader.signed();
}

function skipPictureSize(reader: BitReader): void {
  reader.unsigned();
  reader.flag();
  reader.unsigned();
  reader.unsigned();
  if (!reader.flag()) reader.flag();
  reader.flag();
  if (reader.flag()) for (let i = 0; i < 4; i++) reader.unsigned();
}

function readSignalType(reader: BitReader): StatedColour {
  if (!reader.flag()) return { matrix: undefined, fullRange: false };
  reader.bits(3);
  const fullRange = reader.flag();
  if (!reader.flag()) return { matrix: undefined, fullRange };
  reader.bits(16);
  return { matrix: MATRICES.get(reader.bits(8)), fullRange };
}

/**
 * What a sequence parameter set (NAL unit without emulation prevention bytes) says of colours. Browsers replace what a
 * stream leaves open by guesses of their own and do not tell, so it is read here. Undefined when it is cut short.
 */
export function h264ColourOf(sps: Uint8Array): StatedColour | undefined {
  const reader = new BitReader(sps.subarray(1));
  const profile = reader.bits(8);
  reader.bits(16);
  reader.unsigned();
  if (HIGH_PROFILES.has(profile)) skipChromaFormat(reader);
  reader.unsigned();
  skipPictureOrder(reader);
  skipPictureSize(reader);
  let colour: StatedColour = { matrix: undefined, fullRange: false };
  if (reader.flag()) {
    if (reader.flag() && reader.bits(8) === EXTENDED_ASPECT_RATIO) reader.bits(32);
    if (reader.flag()) reader.flag();
    colour = readSignalType(reader);
  }
  return reader.exhausted ? undefined : colour;
}
