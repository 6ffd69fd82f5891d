import type { VideoCodec } from "../../../shared/media/types.ts";
import type { StatedColour } from "../screen/colour.ts";
import { h264ColourOf } from "./h264-colour.ts";

const H264_SPS = 7;
const H265_SPS = 33;
/** Longer than any parameter set with scaling lists up to its colours; the rest is not looked at. */
const SPS_HEAD_BYTES = 512;

/** Parameter sets stand in front of the picture; nothing further in is searched. */
const SEARCH_BYTES = 4096;

/** Offsets of the first byte of each NAL unit in an Annex B byte stream. */
function* nalStarts(keyframe: Uint8Array): Generator<number> {
  const data = keyframe.subarray(0, SEARCH_BYTES);
  for (let i = 0; i + 3 < data.length; i++) {
    const at = data.indexOf(1, i + 2);
    if (at < 0 || at + 1 >= data.length) return;
    if (data[at - 1] === 0 && data[at - 2] === 0) yield at + 1;
    i = at - 2;
  }
}

/** Copies the head of a NAL unit without emulation prevention bytes (H.264 7.4.1). */
function unescapedHead(data: Uint8Array, start: number): Uint8Array {
  const out = new Uint8Array(SPS_HEAD_BYTES);
  let length = 0;
  let zeros = 0;
  for (let i = start; i < data.length && length < SPS_HEAD_BYTES; i++) {
    const byte = data[i] ?? 0;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

const hex = (value: number): string => value.toString(16).padStart(2, "0");

function h264String(sps: Uint8Array): string | undefined {
  if (sps.length < 4) return undefined;
  return `avc1.${hex(sps[1] ?? 0)}${hex(sps[2] ?? 0)}${hex(sps[3] ?? 0)}`;
}

/** ISO/IEC 14496-15 E.3: profile, compatibility flags in reverse bit order, tier and level, constraint bytes. */
function h265String(sps: Uint8Array): string | undefined {
  if (sps.length < 15) return undefined;
  const first = sps[3] ?? 0;
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  const tier = (first & 0x20) === 0 ? "L" : "H";
  let flags = 0;
  for (let bit = 0; bit < 32; bit++) {
    const byte = sps[4 + (bit >> 3)] ?? 0;
    if ((byte & (0x80 >> (bit & 7))) !== 0) flags += 2 ** bit;
  }
  const constraints = [...sps.subarray(8, 14)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const tail = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join("");
  return `hev1.${space}${first & 0x1f}.${flags.toString(16).toUpperCase()}.${tier}${sps[14] ?? 0}${tail}`;
}

export interface KeyframeFacts {
  /** RFC 6381, for WebCodecs. */
  readonly codecString: string | undefined;
  /** Undefined: not read for this codec. */
  readonly colour: StatedColour | undefined;
}

const NOTHING: KeyframeFacts = { codecString: undefined, colour: undefined };

/**
 * What a keyframe's own sequence parameter set states. A camera may change it at any keyframe, so it is read from there
 * and not only from what the server announced. Nothing without a parameter set.
 */
export function keyframeFacts(codec: VideoCodec, keyframe: Uint8Array): KeyframeFacts {
  for (const start of nalStarts(keyframe)) {
    const head = keyframe[start] ?? 0;
    if (codec === "h264" && (head & 0x1f) === H264_SPS) {
      const sps = unescapedHead(keyframe, start);
      return { codecString: h264String(sps), colour: h264ColourOf(sps) };
    }
    if (codec === "h265" && ((head >> 1) & 0x3f) === H265_SPS) {
      return { codecString: h265String(unescapedHead(keyframe, start)), colour: undefined };
    }
  }
  return NOTHING;
}
