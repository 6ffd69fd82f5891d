import { FluxError } from "../../shared/lib/errors.ts";
import { type Action, can, type Principal } from "../auth/policy.ts";

export interface FootageRange {
  readonly cameraId: string;
  readonly startMicros: number;
  readonly endMicros: number;
}

/** The longest stretch that a bookmark, lock or case item may cover. */
const MAX_SPAN_MICROS = 366 * 86_400 * 1_000_000;

/** Throws `camera.not_found` (as for one that does not exist), `evidence.bad_range`. `field` names the item at fault. */
export function checkRange(principal: Principal, action: Action, range: FootageRange, field = ""): void {
  if (!can(principal, action, range.cameraId) || !can(principal, "archive.view", range.cameraId)) {
    throw new FluxError("camera.not_found", "there is no such camera", { field: `${field}cameraId` });
  }
  const span = range.endMicros - range.startMicros;
  if (span < 0)
    throw new FluxError("evidence.bad_range", "the end lies before the start", { field: `${field}endMicros` });
  if (span > MAX_SPAN_MICROS) {
    throw new FluxError("evidence.bad_range", "a range covers at most a year", { field: `${field}endMicros` });
  }
}
