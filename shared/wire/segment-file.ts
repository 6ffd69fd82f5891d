import type { Micros } from "../lib/time.ts";
import type { StreamRole } from "../media/types.ts";

/** The segment file: SPEC.md section 11. Frames lie between the header and the index as they travel. */
export const SEGMENT_HEADER_BYTES = 256;
export const SEGMENT_TRAILER_BYTES = 64;
export const INDEX_ENTRY_BYTES = 24;
export const SEGMENT_VERSION = 1;

export interface SegmentHeader {
  readonly cameraId: string;
  readonly streamId: number;
  readonly role: StreamRole;
  /** Of the first frame; later frames may carry others. */
  readonly suite: number;
  readonly keyId: number;
  readonly codec: number;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  /** Capture time of the first frame, a keyframe. */
  readonly start: Micros;
  /** UUID of the unbroken stretch that the segment continues or begins. */
  readonly runId: string;
}

export interface KeyframeEntry {
  readonly captureTime: Micros;
  /** Of the frame in the file. */
  readonly offset: number;
  /** How many frames of any kind lie before it in the file. */
  readonly ordinal: number;
}

export interface SegmentIndex {
  readonly keyframes: readonly KeyframeEntry[];
  readonly frames: number;
  readonly audioFrames: number;
  readonly start: Micros;
  /** Capture time of the last video frame plus one frame's duration. */
  readonly end: Micros;
  /** Where frames end and the index begins. */
  readonly dataEnd: number;
}
