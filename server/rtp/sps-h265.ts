import { FluxError } from "../../shared/lib/errors.ts";
import { BitReader, unescapeRbsp } from "./bit-reader.ts";
import { MAX_DIMENSION, plausibleFps, type VideoFormat } from "./video-format.ts";

/**
 * Reads an H.265 sequence parameter set (7.3.2.2, Annex E).
 * @param nal the NAL unit with its two header bytes, without start code.
 * @throws FluxError `rtp.parameter_set`
 */
export function parseH265Sps(nal: Uint8Array): VideoFormat {
  if (nal.length < 4 || (((nal[0] as number) >> 1) & 0x3f) !== 33) throw bad("not a sequence parameter set");
  if (nal.length > 4096) throw bad("longer than 4096 bytes");
  const reader = new BitReader(unescapeRbsp(nal, 2));
  reader.skip(4);
  const subLayers = limit(reader.bits(3), 6, "sps_max_sub_layers_minus1") + 1;
  reader.skip(1);
  const codecString = readProfileTierLevel(reader, subLayers);
  const id = limit(reader.ue(), 15, "sps_seq_parameter_set_id");
  const chroma = limit(reader.ue(), 3, "chroma_format_idc");
  if (chroma === 3) reader.skip(1);
  let width = limit(reader.ue(), MAX_DIMENSION, "pic_width_in_luma_samples");
  let height = limit(reader.ue(), MAX_DIMENSION, "pic_height_in_luma_samples");
  if (reader.flag()) {
    const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
    const cropY = chroma === 1 ? 2 : 1;
    width -= cropX * (reader.ue() + reader.ue());
    height -= cropY * (reader.ue() + reader.ue());
  }
  if (width <= 0 || height <= 0) throw bad("cropping leaves no picture");
  limit(reader.ue(), 8, "bit_depth_luma_minus8");
  limit(reader.ue(), 8, "bit_depth_chroma_minus8");
  const log2MaxPoc = limit(reader.ue(), 12, "log2_max_pic_order_cnt_lsb_minus4") + 4;
  let reorderDepth = 0;
  const allLayers = reader.flag();
  for (let layer = allLayers ? 0 : subLayers - 1; layer < subLayers; layer++) {
    reader.ue();
    reorderDepth = limit(reader.ue(), 16, "sps_max_num_reorder_pics");
    reader.ue();
  }
  return {
    id,
    codecString,
    width,
    height,
    fps: readFps(reader, log2MaxPoc),
    reorderDepth,
    interlaced: false,
    subLayers,
  };
}

/** 7.3.3; returns the RFC 6381 string (ISO/IEC 14496-15 Annex E): `hev1.1.6.L93.B0`. */
function readProfileTierLevel(reader: BitReader, subLayers: number): string {
  const space = reader.bits(2);
  const tier = reader.bit();
  const profile = reader.bits(5);
  const compatibility = reader.bits(32);
  const constraints: number[] = [];
  for (let i = 0; i < 6; i++) constraints.push(reader.bits(8));
  const level = reader.bits(8);
  const present: { profile: boolean; level: boolean }[] = [];
  for (let i = 0; i < subLayers - 1; i++) present.push({ profile: reader.flag(), level: reader.flag() });
  if (subLayers > 1) reader.skip((8 - (subLayers - 1)) * 2);
  for (const layer of present) {
    if (layer.profile) reader.skip(88);
    if (layer.level) reader.skip(8);
  }
  while (constraints.length > 0 && constraints[constraints.length - 1] === 0) constraints.pop();
  let reversed = 0;
  for (let i = 0; i < 32; i++) reversed = ((reversed << 1) | ((compatibility >>> i) & 1)) >>> 0;
  const parts = [
    `${["", "A", "B", "C"][space] ?? ""}${profile}`,
    reversed.toString(16).toUpperCase(),
    `${tier === 1 ? "H" : "L"}${level}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  return `hev1.${parts.join(".")}`;
}

/** The rest of the SPS up to the VUI's timing. What cannot be read is treated as not stated. */
function readFps(reader: BitReader, log2MaxPoc: number): number | undefined {
  try {
    for (let i = 0; i < 6; i++) reader.ue();
    if (reader.flag() && reader.flag()) skipScalingLists(reader);
    reader.skip(2);
    if (reader.flag()) {
      reader.skip(8);
      reader.ue();
      reader.ue();
      reader.skip(1);
    }
    skipShortTermSets(reader);
    if (reader.flag()) {
      const count = limit(reader.ue(), 32, "num_long_term_ref_pics_sps");
      for (let i = 0; i < count; i++) reader.skip(log2MaxPoc + 1);
    }
    reader.skip(2);
    if (!reader.flag()) return undefined;
    if (reader.flag() && reader.bits(8) === 255) reader.skip(32); // aspect ratio
    if (reader.flag()) reader.skip(1); // overscan
    if (reader.flag()) {
      reader.skip(4);
      if (reader.flag()) reader.skip(24);
    }
    if (reader.flag()) {
      reader.ue();
      reader.ue();
    }
    reader.skip(3);
    if (reader.flag()) for (let i = 0; i < 4; i++) reader.ue();
    if (!reader.flag()) return undefined;
    const unitsInTick = reader.bits(32);
    return plausibleFps(reader.bits(32), unitsInTick);
  } catch (error) {
    if (error instanceof FluxError) return undefined;
    throw error;
  }
}

function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.ue();
        continue;
      }
      if (size > 1) reader.se();
      const count = Math.min(64, 1 << (4 + (size << 1)));
      for (let i = 0; i < count; i++) reader.se();
    }
  }
}

/** 7.3.7: each set may be predicted from the one before it. */
function skipShortTermSets(reader: BitReader): void {
  const sets = limit(reader.ue(), 64, "num_short_term_ref_pic_sets");
  let previous = 0;
  for (let set = 0; set < sets; set++) {
    if (set > 0 && reader.flag()) {
      reader.skip(1);
      reader.ue();
      let pictures = 0;
      for (let i = 0; i <= previous; i++) {
        const used = reader.flag();
        if (used || reader.flag()) pictures++;
      }
      previous = pictures;
    } else {
      const negative = limit(reader.ue(), 16, "num_negative_pics");
      const positive = limit(reader.ue(), 16, "num_positive_pics");
      for (let i = 0; i < negative + positive; i++) {
        reader.ue();
        reader.skip(1);
      }
      previous = negative + positive;
    }
  }
}

function limit(value: number, max: number, name: string): number {
  if (value > max) throw bad(`${name} is ${value}, at most ${max} is legal`);
  return value;
}

function bad(reason: string): FluxError {
  return new FluxError("rtp.parameter_set", `H.265 sequence parameter set: ${reason}`);
}
