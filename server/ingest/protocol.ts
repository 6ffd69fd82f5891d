import type { GapReason } from "../../shared/api/recording.ts";
import type { StreamFormat, StreamRole } from "../../shared/media/types.ts";
import type { CameraSource, CameraStatus, ProbeResult, ProbeSource } from "../control/media-plane.ts";
import type { OutboundSettings } from "../net/outbound-settings.ts";

/** Messages between the main thread, ingest workers and the relay thread. One union per direction. */

/** Handed to a worker for one camera. Epoch keys only; the DEK stays with the key service. */
export interface SealKey {
  readonly cameraId: string;
  readonly suite: "LEA-256-GCM" | "ARIA-256-GCM" | "AES-256-GCM";
  readonly keyId: number;
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** `workerData` of an ingest worker. */
export interface IngestWorkerData {
  /** Durably counted up before the worker starts and never given out twice: the first part of every nonce. */
  readonly generation: number;
  readonly logLevel: string;
  /** Ports of this server, from which no camera is pulled at an address of this machine. */
  readonly forbiddenPorts?: readonly number[];
  /** What else may be connected to; by default nothing of this machine. */
  readonly outbound?: OutboundSettings;
}

/** What the recorder of a worker shall do with one stream. The main thread decides; the last word stands while it is away. */
export interface RecordingPlan {
  readonly cameraId: string;
  readonly streamId: number;
  readonly role: StreamRole;
  /** standby: keep the last `preRollMs` in memory, so that a change to `record` begins in the past. */
  readonly action: "off" | "standby" | "record";
  readonly preRollMs: number;
  readonly audio: boolean;
  readonly segmentMs: number;
  /** Where to write, best first. A volume that fails is left for the next, and returned to when it is well. */
  readonly volumes: readonly RecordingVolume[];
}

export interface RecordingVolume {
  readonly id: string;
  /** Absolute folder, made by the main thread with mode 0700 and marked as ours (server/record/README.md). */
  readonly path: string;
  readonly reserveBytes: number;
}

/** A segment as far as it is safely on disk. */
export interface SegmentFact {
  readonly volumeId: string;
  /** Below the volume. */
  readonly path: string;
  readonly cameraId: string;
  readonly streamId: number;
  readonly role: StreamRole;
  readonly runId: string;
  readonly startMicros: number;
  readonly endMicros: number;
  readonly bytes: number;
  readonly frames: number;
  readonly keyframes: number;
  readonly audioFrames: number;
  readonly keyId: number;
  readonly codec: number;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
}

export interface GapFact {
  readonly cameraId: string;
  readonly streamId: number;
  readonly startMicros: number;
  readonly endMicros: number;
  readonly reason: GapReason;
  readonly detail: string | undefined;
  readonly frames: number;
  /** It lasts: told again, with the same start and reason, when it is over. */
  readonly open?: boolean;
}

export type RecorderEvent =
  | { readonly type: "segment-opened"; readonly segment: SegmentFact }
  /** After a flush: this much survives a power cut. */
  | { readonly type: "segment-grown"; readonly segment: SegmentFact }
  /** `unfinished`: its volume failed, and it has no end yet. Told again when it has; else the next start gives it one. */
  | { readonly type: "segment-closed"; readonly segment: SegmentFact; readonly unfinished?: boolean }
  | { readonly type: "gap"; readonly gap: GapFact }
  | {
      readonly type: "volume";
      readonly volumeId: string;
      readonly state: "ok" | "slow" | "full" | "read-only" | "missing" | "failed";
      readonly detail: string | undefined;
    }
  /** Something is being written for this stream now, or not any more. */
  | { readonly type: "recording"; readonly cameraId: string; readonly streamId: number; readonly recording: boolean }
  /** By the main thread: the thread that recorded these cameras has ended, and left its files as they are. */
  | { readonly type: "thread-lost"; readonly cameraIds: readonly string[]; readonly generation: number | undefined };

export type ToIngest =
  /** Replaces the plans of the streams named; a stream without a plan is not recorded. */
  | { readonly type: "recording"; readonly plans: readonly RecordingPlan[]; readonly flushMs: number }
  /** `port`: the direct line to the relay thread (`IngestToRelay` / `RelayToIngest`). Transferred. */
  | { readonly type: "relay-port"; readonly port: import("node:worker_threads").MessagePort }
  | { readonly type: "put-camera"; readonly camera: CameraSource }
  | { readonly type: "remove-camera"; readonly cameraId: string }
  /** Current and next epoch. A camera without a key for now is not pulled: crypto fails closed. */
  | { readonly type: "keys"; readonly keys: readonly SealKey[] }
  | { readonly type: "probe"; readonly requestId: number; readonly source: ProbeSource; readonly timeoutMs: number }
  | { readonly type: "stats"; readonly requestId: number }
  | { readonly type: "close" };

export type FromIngest =
  | { readonly type: "ready" }
  /** On change at once, else once a second. */
  | { readonly type: "status"; readonly statuses: readonly CameraStatus[] }
  | { readonly type: "need-keys"; readonly cameraIds: readonly string[]; readonly epoch: number }
  | {
      readonly type: "probe-result";
      readonly requestId: number;
      readonly result?: ProbeResult;
      readonly error?: { readonly code: string; readonly message: string };
    }
  | {
      readonly type: "stats";
      readonly requestId: number;
      readonly framesSealed: number;
      readonly bytesSealed: number;
      readonly streams: number;
      readonly framesDropped: number;
    }
  | { readonly type: "recorder"; readonly events: readonly RecorderEvent[] }
  | { readonly type: "closed" };

export type IngestToRelay =
  /** Whole sealed frames back to back, in order per stream; may mix streams. The buffer is transferred. */
  | { readonly type: "frames"; readonly buffer: ArrayBuffer; readonly byteLength: number }
  | {
      readonly type: "format";
      readonly cameraId: string;
      readonly streamId: number;
      readonly format: StreamFormat;
      readonly audioFormat: StreamFormat | undefined;
    };

export type RelayToIngest =
  /** Bytes taken off the port: credit. Without it the worker's forwarder drops to the next keyframe and counts. */
  | { readonly type: "ack"; readonly bytes: number }
  /** Some viewer wants (or none wants any more) this stream; sub streams are pulled anyway. Unknown ids are ignored. */
  | { readonly type: "want"; readonly streamId: number; readonly wanted: boolean };
