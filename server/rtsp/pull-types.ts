import type { Clock } from "../../shared/lib/clock.ts";
import type { Millis } from "../../shared/lib/time.ts";
import type { AccessUnit, StreamFormat } from "../../shared/media/types.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import type { PullLimits } from "./limits.ts";

export interface PullOptions {
  /** rtsp:// or rtsps://. Credentials inside it are used only where `username` is not given. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** `auto`: TCP, then UDP where the camera refuses TCP (status 461). */
  readonly transport: "auto" | "tcp" | "udp";
  readonly allowUntrustedCertificate: boolean;
  readonly clock: Clock;
  readonly limits?: Partial<PullLimits> | undefined;
  readonly userAgent?: string | undefined;
  /** Also set up the first audio track that is AAC or G.711. Default false. */
  readonly wantAudio?: boolean | undefined;
  /** Decides what may be connected to (`rtsp.address`). By default no address of this machine. */
  readonly outbound?: OutboundGuard | undefined;
  /** From connect to the answer to PLAY. */
  readonly connectTimeout: Millis;
  /** Without any RTP packet of the video for this long, the pull ends with `rtsp.stalled`. */
  readonly stallTimeout: Millis;
}

export interface PullHandlers {
  /** `unit.data` is borrowed: valid only during the call. An exception ends the pull. */
  onAccessUnit(unit: AccessUnit): void;
  /** Before the first unit, and again whenever something in it changed. */
  onFormat(format: StreamFormat, audio: StreamFormat | undefined): void;
  /** Once, when the camera has accepted PLAY. */
  onSession(info: { transport: "tcp" | "udp"; server: string | undefined }): void;
}

export interface PullStats {
  readonly packets: number;
  readonly bytes: number;
  /** RTP packets that the sequence numbers say were sent, and that never came. */
  readonly lostPackets: number;
  readonly duplicatePackets: number;
  /** Too short, wrong version, unknown payload type, not decodable as the announced format. */
  readonly malformedPackets: number;
  /** Bytes between packets that belonged to nothing. */
  readonly garbageBytes: number;
  readonly units: number;
  readonly keyframes: number;
  /** Whole or damaged pictures not delivered because something before them was lost. */
  readonly discardedUnits: number;
  readonly discontinuities: number;
  /** Camera clock minus server clock at the last sender report; undefined before the first, or if implausible. */
  readonly clockOffsetMs: number | undefined;
  /** How fast the camera's clock gains on ours; undefined until measured over a minute. */
  readonly driftPpm: number | undefined;
  /** What the camera says the time is when that cannot be true (its year), for the camera's status. */
  readonly implausibleClockYear: number | undefined;
}

export interface Pull {
  /** Rejects with a `FluxError` (`rtsp.*`) when the stream ends, fails or is closed. Never resolves. */
  readonly done: Promise<never>;
  stats(): PullStats;
  /** Says TEARDOWN (briefly), releases everything. Idempotent. `done` rejects with `rtsp.closed`. */
  close(): Promise<void>;
}
