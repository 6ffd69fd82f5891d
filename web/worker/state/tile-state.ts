import type { CameraState, QualityLevel } from "../../../shared/wire/control-messages.ts";
import type { ConnectionState, TileReason, TileStats } from "../../engine/worker-protocol.ts";
import type { DecoderState } from "../decode/stream-decoder.ts";

/** What is known of a camera at one moment. Times: monotonic ms. */
export interface CameraFacts {
  readonly nowMs: number;
  readonly connection: ConnectionState;
  readonly wallVisible: boolean;
  readonly deniedCode: string | undefined;
  readonly cameraState: CameraState | undefined;
  readonly cameraReason: string | undefined;
  readonly level: QualityLevel | undefined;
  readonly streamKnown: boolean;
  readonly decoder: DecoderState | undefined;
  readonly waitingForKey: boolean;
  readonly hasPicture: boolean;
  readonly lastPictureMs: number | undefined;
  readonly lastBytesMs: number | undefined;
  /** Since when bytes have come without a picture. */
  readonly bytesSinceMs: number | undefined;
  /** Usual time between pictures; a stream thinned to keyframes has long ones. */
  readonly pictureIntervalMs: number | undefined;
}

export interface TileCondition {
  readonly state: TileStats["state"];
  readonly reason: TileReason | undefined;
  readonly detail: string | undefined;
}

const STALL_MS = 3000;
const MAX_STALL_MS = 20_000;
const LIVE: TileCondition = { state: "live", reason: undefined, detail: undefined };

function stallLimitMs(facts: CameraFacts): number {
  return Math.min(MAX_STALL_MS, Math.max(STALL_MS, 2.5 * (facts.pictureIntervalMs ?? 0)));
}

function within(time: number | undefined, nowMs: number, limitMs: number): boolean {
  return time !== undefined && nowMs - time <= limitMs;
}

/** Why the camera is not to be seen whatever the stream does; undefined when nothing of that kind holds. */
function refusal(facts: CameraFacts): TileCondition | undefined {
  if (facts.deniedCode !== undefined) return { state: "error", reason: "denied", detail: facts.deniedCode };
  if (facts.cameraState === "disabled")
    return { state: "error", reason: "camera-disabled", detail: facts.cameraReason };
  return undefined;
}

function idleReason(facts: CameraFacts): { reason: TileReason; detail?: string | undefined; error?: boolean } {
  if (facts.connection !== "open") {
    return {
      reason: facts.connection === "connecting" || facts.connection === "idle" ? "connecting" : "server-unreachable",
    };
  }
  if (!facts.wallVisible || facts.level === "paused") return { reason: "paused" };
  if (facts.cameraState === "unauthorised") {
    return { reason: "camera-unauthorised", detail: facts.cameraReason, error: true };
  }
  const bytesCome = within(facts.lastBytesMs, facts.nowMs, STALL_MS);
  const { decoder } = facts;
  if (decoder?.phase === "unsupported") return { reason: "codec-unsupported", detail: decoder.detail, error: true };
  if (bytesCome && facts.waitingForKey) return { reason: "no-key", detail: facts.cameraReason };
  if (bytesCome && decoder?.phase === "failed") return { reason: "decode-failed", detail: decoder.detail, error: true };
  if (bytesCome && !within(facts.bytesSinceMs, facts.nowMs, STALL_MS)) return { reason: "no-pictures", error: true };
  if (facts.cameraState === "offline") return { reason: "camera-offline", detail: facts.cameraReason, error: true };
  if (facts.cameraState === "connecting") return { reason: "connecting", detail: facts.cameraReason };
  return { reason: facts.streamKnown ? "waiting-keyframe" : "connecting", detail: facts.cameraReason };
}

/** Every tile shows a picture or a reason: this decides which. A fresh picture outranks everything but a refusal. */
export function tileCondition(facts: CameraFacts): TileCondition {
  const refused = refusal(facts);
  if (refused) return refused;
  if (within(facts.lastPictureMs, facts.nowMs, stallLimitMs(facts))) return LIVE;
  const { reason, detail, error } = idleReason(facts);
  const state = facts.hasPicture ? "stalled" : error ? "error" : "waiting";
  return { state, reason, detail };
}
