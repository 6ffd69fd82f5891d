import type { Micros } from "../../shared/lib/time.ts";
import type { StreamFormat, StreamRole } from "../../shared/media/types.ts";
import type { CameraState } from "../../shared/wire/control-messages.ts";
import type { RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";

/** What ingest needs to know to pull a camera. Secrets included: never logged, never sent to a browser. */
export interface CameraSource {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** `auto`: TCP, then UDP where the camera refuses TCP. */
  readonly transport: "auto" | "tcp" | "udp";
  /** RTSPS: accept a certificate that no authority signed (common on cameras). */
  readonly allowUntrustedCertificate: boolean;
  readonly streams: readonly StreamSource[];
}

export interface StreamSource {
  /** The database's number of the stream; also on the wire. */
  readonly streamId: number;
  readonly role: StreamRole;
  /** rtsp:// or rtsps://, without credentials. */
  readonly url: string;
}

export interface StreamStatus {
  readonly streamId: number;
  readonly role: StreamRole;
  readonly state: CameraState;
  readonly format: StreamFormat | undefined;
  readonly audioFormat: StreamFormat | undefined;
  /** Measured over the last seconds. */
  readonly fps: number;
  readonly bitrateKbps: number;
  readonly lastFrameAt: Micros | undefined;
  readonly reconnects: number;
  /** The last real error, in words for an administrator: it may name addresses of the camera network. */
  readonly lastError: string | undefined;
  /** Its code, by which others are told (`publicReason`). */
  readonly lastErrorCode?: string | undefined;
  /** Camera clock minus server clock; undefined before the first sender report. */
  readonly clockOffsetMs: number | undefined;
  /** How fast the camera's clock gains on ours; undefined until measured over a minute. */
  readonly clockDriftPpm?: number | undefined;
  readonly lostPackets: number;
  readonly droppedFrames: number;
  readonly transport: "tcp" | "udp" | undefined;
}

export interface CameraStatus {
  readonly cameraId: string;
  readonly state: CameraState;
  /** For administrators, as `lastError`. */
  readonly reason: string | undefined;
  readonly reasonCode?: string | undefined;
  readonly streams: readonly StreamStatus[];
}

export interface ProbeSource extends Omit<CameraSource, "id" | "name" | "enabled" | "streams"> {
  readonly url: string;
}

export interface ProbeResult {
  readonly format: StreamFormat;
  readonly audioFormat: StreamFormat | undefined;
  readonly transport: "tcp" | "udp";
  readonly server: string | undefined;
  /** One keyframe, Annex B, for the caller's preview. */
  readonly keyframe: Uint8Array;
  /** Time from connect to the first whole keyframe. */
  readonly firstFrameMs: number;
  readonly measuredFps: number;
  readonly measuredKbps: number;
}

export interface MediaStats {
  readonly workers: number;
  readonly cameras: number;
  readonly streamsPulled: number;
  readonly viewers: number;
  readonly framesSealed: number;
  readonly bytesSealed: number;
  readonly framesRelayed: number;
  readonly bytesRelayed: number;
  readonly framesDropped: number;
  readonly webTransport: boolean;
}

/** The control side's view of everything that handles media. `main.ts` alone binds it to threads. */
export interface MediaPlane {
  /** Adds the camera, or replaces it; unchanged streams keep running. */
  putCamera(camera: CameraSource): Promise<void>;
  removeCamera(cameraId: string): Promise<void>;
  /** Connects once, waits for a keyframe and hangs up. Rejects with `rtsp.*` / `probe.*` codes. */
  probe(source: ProbeSource, timeoutMs: number): Promise<ProbeResult>;
  status(cameraId: string): CameraStatus | undefined;
  onStatus(listener: (status: CameraStatus) => void): () => void;
  /** Cuts every live connection of the login session within 2 s. */
  endSession(sessionId: string, code: string): void;
  /** The user's permissions changed: relays ask again for every subscribed camera. */
  accessChanged(userId: string): void;
  stats(): Promise<MediaStats>;
  /** What is recorded from now on: replaces all plans. Bytes are on disk at most `flushMs` after they were sealed. */
  setRecording(plans: readonly RecordingPlan[], flushMs: number): void;
  /**
   * Facts of all recorders, in order per stream. When a media thread dies, its streams say `recording: false`; their
   * open files stay as the last `segment-grown` told, and perhaps longer: what they hold is read from them.
   */
  onRecorder(listener: (events: readonly RecorderEvent[]) => void): () => void;
  close(): Promise<void>;
}
