import type { CameraState } from "../../shared/wire/control-messages.ts";
import type { CameraSource, CameraStatus, StreamStatus } from "../control/media-plane.ts";

/**
 * A camera's state from its streams'. Streams that nobody wants ("disabled") do not count.
 * One working stream among failing ones is `degraded`: there is a picture, and something to see to.
 */
export function cameraState(enabled: boolean, streams: readonly StreamStatus[]): CameraState {
  if (!enabled) return "disabled";
  const states = new Set(streams.map((stream) => stream.state).filter((state) => state !== "disabled"));
  if (states.size === 0) return streams.length === 0 ? "disabled" : "connecting";
  if (states.has("online")) {
    return states.has("offline") || states.has("unauthorised") || states.has("degraded") ? "degraded" : "online";
  }
  for (const state of ["degraded", "unauthorised", "connecting"] as const) {
    if (states.has(state)) return state;
  }
  return "offline";
}

export function cameraStatus(camera: CameraSource, streams: readonly StreamStatus[]): CameraStatus {
  const state = cameraState(camera.enabled, streams);
  return { cameraId: camera.id, state, ...reasonFor(state, streams), streams };
}

function reasonFor(
  state: CameraState,
  streams: readonly StreamStatus[],
): { reason: string | undefined; reasonCode?: string | undefined } {
  if (state === "online" || state === "disabled") return { reason: undefined };
  const failing = streams.filter((stream) => stream.state !== "online" && stream.state !== "disabled");
  const told = failing.find((stream) => stream.lastError !== undefined);
  if (!told) return { reason: undefined };
  const reason = streams.length > 1 ? `${told.role} stream: ${told.lastError}` : told.lastError;
  return { reason, reasonCode: told.lastErrorCode };
}
