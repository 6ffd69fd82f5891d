import type { CameraFeed } from "../camera-feed.ts";
import type { CameraReport } from "../link.ts";

const LATE_MS = 1000;
const LONG_QUEUE = 12;

/** Which cameras' pictures come late, for the server to send less of or to start anew. */
export class LateCameras {
  readonly #dropped = new Map<string, number>();

  /** Since the last time. */
  report(feeds: Iterable<CameraFeed>): CameraReport[] {
    const late: CameraReport[] = [];
    for (const { cameraId, dropped: all, latencyMs = 0, decodeQueue } of feeds) {
      const dropped = all - (this.#dropped.get(cameraId) ?? 0);
      this.#dropped.set(cameraId, all);
      if (decodeQueue > LONG_QUEUE || latencyMs > LATE_MS) late.push({ cameraId, latencyMs, decodeQueue, dropped });
    }
    return late;
  }

  forget(cameraId: string): void {
    this.#dropped.delete(cameraId);
  }
}
