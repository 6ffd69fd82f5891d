import type { Micros } from "../lib/time.ts";

/** Codecs that may travel. Numbers are the wire values (shared/wire/SPEC.md). */
export const CODEC_IDS = { h264: 1, h265: 2, mjpeg: 3, aac: 16, pcmu: 17, pcma: 18 } as const;
export type Codec = keyof typeof CODEC_IDS;
export type VideoCodec = "h264" | "h265" | "mjpeg";
export type AudioCodec = "aac" | "pcmu" | "pcma";

/** Which of a camera's streams. Audio belongs to the stream it came with. */
export type StreamRole = "main" | "sub";

/**
 * All NAL units of one picture, or one audio frame. Plain: exists only between ingest and seal.
 *
 * `data` for H.264/H.265 is Annex B (4-byte start codes), parameter sets in front of every keyframe;
 * for AAC one ADTS frame (self-describing); for G.711 the raw samples, 8 kHz mono.
 */
export interface AccessUnit {
  readonly codec: Codec;
  readonly keyframe: boolean;
  /** No other picture refers to it (nal_ref_idc 0, or an H.265 sub-layer non-reference). May be dropped alone. */
  readonly disposable: boolean;
  /** First unit after a gap, a timestamp jump or a reconnect. */
  readonly discontinuity: boolean;
  /** Codec, resolution or parameter sets differ from the unit before. Always on a keyframe. */
  readonly codecChange: boolean;
  /** Presentation time on the stream's own unbroken timeline. Not an instant. */
  readonly pts: Micros;
  /** Decode order position on the same timeline; equals `pts` without B-frames. */
  readonly dts: Micros;
  /** When the camera says that it captured the picture (RTCP sender report); undefined before the first report. */
  readonly cameraTime: Micros | undefined;
  /** When the last byte reached this server, UTC. */
  readonly arrivalTime: Micros;
  /** Pieces in order; their concatenation is the payload. Borrowed: valid only during the callback. */
  readonly data: readonly Uint8Array[];
}

/** What is known of a stream from its parameter sets. */
export interface StreamFormat {
  readonly codec: Codec;
  /** RFC 6381 string for WebCodecs: `avc1.640028`, `hev1.1.6.L93.B0`, `mp4a.40.2`, `ulaw`, `alaw`. */
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  /** From the parameter sets, else measured; undefined until known. */
  readonly fps: number | undefined;
  readonly sampleRate?: number;
  readonly channels?: number;
}
