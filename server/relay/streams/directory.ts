import type { Clock } from "../../../shared/lib/clock.ts";
import { errorCode } from "../../../shared/lib/errors.ts";
import type { StreamFormat } from "../../../shared/media/types.ts";
import { readFrame } from "../../../shared/wire/sealed-frame.ts";
import type { CameraRoute } from "../protocol.ts";
import { type LiveCamera, type LiveStatus, LiveStream } from "./live-stream.ts";

interface Entry extends LiveCamera {
  status: LiveStatus | undefined;
}

/** The cameras that exist, their streams and hubs. Decides nothing about access. */
export class StreamDirectory {
  readonly #clock: Clock;
  readonly #cameras = new Map<string, Entry>();
  readonly #streams = new Map<number, LiveStream>();
  readonly #cameraOfStream = new Map<number, string>();
  #framesIn = 0;
  #malformed = 0;
  #lastFault: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get cameraCount(): number {
    return this.#cameras.size;
  }

  get framesIn(): number {
    return this.#framesIn;
  }

  /** Batches cut short because a frame in them could not be read, and why the last one. */
  get faults(): { readonly count: number; readonly last: string | undefined } {
    return { count: this.#malformed, last: this.#lastFault };
  }

  camera(cameraId: string): LiveCamera | undefined {
    return this.#cameras.get(cameraId);
  }

  cameraIdOf(streamId: number): string | undefined {
    return this.#cameraOfStream.get(streamId);
  }

  /** Replaces the list. Streams that stay keep their hub; returns the cameras that are gone or whose streams changed. */
  setCameras(routes: readonly CameraRoute[]): string[] {
    const changed = new Set(this.#cameras.keys());
    const old = new Map(this.#streams);
    const oldCameras = new Map(this.#cameras);
    this.#streams.clear();
    this.#cameras.clear();
    this.#cameraOfStream.clear();
    for (const route of routes) {
      const before = oldCameras.get(route.cameraId);
      const stream = (role: "main" | "sub"): LiveStream | undefined => {
        const found = route.streams.find((candidate) => candidate.role === role);
        if (!found) return undefined;
        const kept = old.get(found.streamId);
        const live = kept?.role === role ? kept : new LiveStream(found.streamId, role, this.#clock);
        this.#streams.set(found.streamId, live);
        this.#cameraOfStream.set(found.streamId, route.cameraId);
        return live;
      };
      const entry = { cameraId: route.cameraId, main: stream("main"), sub: stream("sub"), status: before?.status };
      if (before && before.main === entry.main && before.sub === entry.sub) changed.delete(route.cameraId);
      this.#cameras.set(route.cameraId, entry);
    }
    for (const [streamId, live] of old) if (this.#streams.get(streamId) !== live) live.close();
    return [...changed];
  }

  setStatus(cameraId: string, status: LiveStatus): void {
    const entry = this.#cameras.get(cameraId);
    if (!entry) return;
    entry.status = status;
    if (status.state === "online" || status.state === "degraded" || status.state === "connecting") return;
    entry.main?.forget();
    entry.sub?.forget();
  }

  /** Returns the camera whose format it is, if it exists. */
  setFormat(streamId: number, format: StreamFormat, audio: StreamFormat | undefined): string | undefined {
    this.#streams.get(streamId)?.setFormat(format, audio);
    return this.#cameraOfStream.get(streamId);
  }

  /** Whole frames back to back. Frames of streams that do not exist (any more) are passed over. */
  publish(buffer: ArrayBuffer, byteLength: number): void {
    const bytes = new Uint8Array(buffer, 0, byteLength);
    let offset = 0;
    try {
      while (offset < byteLength) {
        const frame = readFrame(bytes, offset);
        if (!frame) {
          this.#fault("wire.short");
          return;
        }
        offset += frame.bytes.byteLength;
        this.#framesIn++;
        this.#streams.get(frame.header.streamId)?.publish(frame);
      }
    } catch (error) {
      this.#fault(errorCode(error) ?? "wire.unreadable");
    }
  }

  /** Once a second. */
  roll(elapsedMs: number): void {
    for (const stream of this.#streams.values()) stream.roll(elapsedMs);
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
    this.#cameras.clear();
    this.#cameraOfStream.clear();
  }

  #fault(code: string): void {
    this.#malformed++;
    this.#lastFault = code;
  }
}
