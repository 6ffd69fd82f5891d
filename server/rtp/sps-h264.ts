import { FluxError } from "../../shared/lib/errors.ts";
import { BitReader, unescapeRbsp } from "./bit-reader.ts";
import { hexByte, MAX_DIMENSION, plausibleFps, type VideoFormat } from "./video-format.ts";

/** Profiles whose SPS carries chroma format and scaling lists (H.264 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/**
 * Reads an H.264 sequence parameter set (7.3.2.1.1, Annex E).
 * @param nal the NAL unit with its header byte, without start code.
 * @throws FluxError `rtp.parameter_set`
 */
export function parseH264Sps(nal: Uint8Array): VideoFormat {
  if (nal.length < 4 || ((nal[0] as number) & 0x1f) !== 7) throw bad("not a sequence parameter set");
  if (nal.length > 4096) throw bad("longer than 4096 bytes");
  const rbsp = unescapeRbsp(nal, 1);
  const reader = new BitReader(rbsp);
  const profile = reader.bits(8);
  const constraints = reader.bits(8);
  const level = reader.bits(8);
  const id = limit(reader.ue(), 31, "seq_parameter_set_id");
  let chroma = 1;
  if (HIGH_PROFILES.has(profile)) {
    chroma = limit(reader.ue(), 3, "chroma_format_idc");
    if (chroma === 3) reader.skip(1);
    limit(reader.ue(), 6, "bit_depth_luma_minus8");
    limit(reader.ue(), 6, "bit_depth_chroma_minus8");
    reader.skip(1);
    if (reader.flag()) skipScalingLists(reader, chroma === 3 ? 12 : 8);
  }
  limit(reader.ue(), 12, "log2_max_frame_num_minus4");
  const pocType = limit(reader.ue(), 2, "pic_order_cnt_type");
  skipPictureOrder(reader, pocType);
  limit(reader.ue(), 16, "max_num_ref_frames");
  reader.skip(1);
  const widthInMbs = limit(reader.ue(), MAX_DIMENSION / 16 - 1, "pic_width_in_mbs_minus1") + 1;
  const heightInMapUnits = limit(reader.ue(), MAX_DIMENSION / 16 - 1, "pic_height_in_map_units_minus1") + 1;
  const frameMbsOnly = reader.flag();
  if (!frameMbsOnly) reader.skip(1);
  reader.skip(1);
  const fieldFactor = frameMbsOnly ? 1 : 2;
  let width = widthInMbs * 16;
  let height = limit(heightInMapUnits * 16 * fieldFactor, MAX_DIMENSION, "height of both fields");
  if (reader.flag()) {
    const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
    const cropY = (chroma === 1 ? 2 : 1) * fieldFactor;
    width -= cropX * (reader.ue() + reader.ue());
    height -= cropY * (reader.ue() + reader.ue());
  }
  if (width <= 0 || height <= 0) throw bad("cropping leaves no picture");
  const vui = readVui(reader);
  return {
    id,
    codecString: `avc1.${hexByte(profile)}${hexByte(constraints)}${hexByte(level)}`,
    width,
    height,
    fps: vui.fps,
    // Baseline has no B pictures, and type 2 means that output order is decoding order.
    reorderDepth: profile === 66 || pocType === 2 ? 0 : vui.reorderDepth,
    interlaced: !frameMbsOnly,
    subLayers: 1,
  };
}

function skipPictureOrder(reader: BitReader, pocType: number): void {
  if (pocType === 0) limit(reader.ue(), 12, "log2_max_pic_order_cnt_lsb_minus4");
  if (pocType !== 1) return;
  reader.skip(1);
  reader.se();
  reader.se();
  const cycle = limit(reader.ue(), 255, "num_ref_frames_in_pic_order_cnt_cycle");
  for (let i = 0; i < cycle; i++) reader.se();
}

function skipScalingLists(reader: BitReader, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (!reader.flag()) continue;
    const size = list < 6 ? 16 : 64;
    let last = 8;
    let next = 8;
    for (let i = 0; i < size; i++) {
      if (next !== 0) next = (((last + reader.se()) % 256) + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

interface Vui {
  readonly fps: number | undefined;
  readonly reorderDepth: number | undefined;
}

/** Annex E. Cameras cut the VUI short often enough: what cannot be read is treated as not stated. */
function readVui(reader: BitReader): Vui {
  let fps: number | undefined;
  try {
    if (!reader.flag()) return { fps, reorderDepth: undefined };
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
    if (reader.flag()) {
      const unitsInTick = reader.bits(32);
      const timeScale = reader.bits(32);
      reader.skip(1);
      fps = plausibleFps(timeScale, unitsInTick * 2);
    }
    const nalHrd = reader.flag();
    if (nalHrd) skipHrd(reader);
    const vclHrd = reader.flag();
    if (vclHrd) skipHrd(reader);
    if (nalHrd || vclHrd) reader.skip(1);
    reader.skip(1);
    if (!reader.flag()) return { fps, reorderDepth: undefined };
    reader.skip(1);
    for (let i = 0; i < 4; i++) reader.ue();
    const reorderDepth = reader.ue();
    return { fps, reorderDepth: reorderDepth <= 16 ? reorderDepth : undefined };
  } catch (error) {
    if (error instanceof FluxError) return { fps, reorderDepth: undefined };
    throw error;
  }
}

function skipHrd(reader: BitReader): void {
  const count = limit(reader.ue(), 31, "cpb_cnt_minus1") + 1;
  reader.skip(8);
  for (let i = 0; i < count; i++) {
    reader.ue();
    reader.ue();
    reader.skip(1);
  }
  reader.skip(20);
}

function limit(value: number, max: number, name: string): number {
  if (value > max) throw bad(`${name} is ${value}, at most ${max} is legal`);
  return value;
}

function bad(reason: string): FluxError {
  return new FluxError("rtp.parameter_set", `H.264 sequence parameter set: ${reason}`);
}
