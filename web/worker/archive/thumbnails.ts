import type { Clock } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { ArchiveConnection } from "./archive-connection.ts";
import type { Gop } from "./gop.ts";
import { GopAssembler } from "./gop.ts";
import type { KeyframeDecoder } from "./keyframe-decoder.ts";
import type { ReadHandle } from "./line-reads.ts";

export interface Thumbnail {
  readonly bitmap: ImageBitmap;
  /** Capture time. */
  readonly micros: number;
}

export interface ThumbnailsDeps {
  readonly clock: Clock;
  readonly connection: Pick<ArchiveConnection, "read">;
  readonly decoder: KeyframeDecoder;
  /** A copy that can be given away. */
  copy(bitmap: ImageBitmap): Promise<ImageBitmap>;
}

interface Wish {
  readonly micros: number;
  readonly widthPx: number;
  resolve(thumbnail: Thumbnail | undefined): void;
}

interface Cached {
  readonly cameraId: string;
  readonly widthPx: number;
  readonly bitmap: ImageBitmap;
  readonly micros: number;
  /** The latest time for which this was found to be the keyframe. */
  untilMicros: number;
  /** When the server allowed it. */
  readonly sinceMs: number;
}

const MAX_CACHED = 200;
/** So long a right to see it is believed. */
const BELIEVED_MS = 60_000;
const MIN_WIDTH = 16;
const MAX_WIDTH = 1024;
const TIMEOUT_MS = millis(5000);
/** A keyframe that is older than this, seen from the time asked for, is no picture of that time. */
const REACH_MICROS = 60_000_000;

/** Small pictures for a timeline: one at a time for each camera; of wishes that wait only the newest is kept. */
export class Thumbnails {
  readonly #deps: ThumbnailsDeps;
  readonly #running = new Set<string>();
  readonly #next = new Map<string, Wish>();
  /** Oldest use first. */
  #cache: Cached[] = [];
  #closed = false;

  constructor(deps: ThumbnailsDeps) {
    this.#deps = deps;
  }

  /** The keyframe at or before the time. Undefined: none, or a newer wish for the camera came. */
  get(cameraId: string, micros: number, widthPx: number): Promise<Thumbnail | undefined> {
    if (this.#closed || !Number.isFinite(micros) || micros < 0) return Promise.resolve(undefined);
    const width = Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, widthPx || MIN_WIDTH)));
    return new Promise((resolve) => {
      this.#next.get(cameraId)?.resolve(undefined);
      this.#next.set(cameraId, { micros: Math.round(micros), widthPx: width, resolve });
      this.#pump(cameraId);
    });
  }

  close(): void {
    this.#closed = true;
    for (const wish of this.#next.values()) wish.resolve(undefined);
    this.#next.clear();
    for (const { bitmap } of this.#cache) bitmap.close();
    this.#cache = [];
  }

  /** Permission may have been withdrawn. */
  forget(cameraId: string): void {
    for (const one of this.#cache) if (one.cameraId === cameraId) one.bitmap.close();
    this.#cache = this.#cache.filter((one) => one.cameraId !== cameraId);
  }

  #pump(cameraId: string): void {
    const wish = this.#next.get(cameraId);
    if (!wish || this.#running.has(cameraId)) return;
    this.#next.delete(cameraId);
    this.#running.add(cameraId);
    void this.#make(cameraId, wish)
      .catch(() => undefined)
      .then((thumbnail) => {
        wish.resolve(thumbnail);
        this.#running.delete(cameraId);
        this.#pump(cameraId);
      });
  }

  #dropOld(): void {
    const oldest = this.#deps.clock.monotonicMs() - BELIEVED_MS;
    for (const one of this.#cache) if (one.sinceMs < oldest) one.bitmap.close();
    this.#cache = this.#cache.filter(({ sinceMs }) => sinceMs >= oldest);
  }

  async #make(cameraId: string, { micros, widthPx }: Wish): Promise<Thumbnail | undefined> {
    this.#dropOld();
    const known = this.#cache.find(
      (one) =>
        one.cameraId === cameraId && one.widthPx === widthPx && one.micros <= micros && micros <= one.untilMicros,
    );
    if (known) {
      this.#cache.push(...this.#cache.splice(this.#cache.indexOf(known), 1));
      return { bitmap: await this.#deps.copy(known.bitmap), micros: known.micros };
    }
    const gop = await this.#read(cameraId, micros);
    if (!gop || gop.source.spanEndMicros < micros) return undefined;
    const bitmap = await this.#deps.decoder.decode(gop, widthPx);
    if (!bitmap) return undefined;
    const copy = await this.#deps.copy(bitmap);
    if (this.#closed) {
      bitmap.close();
      return { bitmap: copy, micros: gop.startMicros };
    }
    const same = this.#cache.find(
      (one) => one.cameraId === cameraId && one.widthPx === widthPx && one.micros === gop.startMicros,
    );
    if (same) {
      same.untilMicros = Math.max(same.untilMicros, micros);
      bitmap.close();
    } else {
      const sinceMs = this.#deps.clock.monotonicMs();
      this.#cache.push({ cameraId, widthPx, bitmap, micros: gop.startMicros, untilMicros: micros, sinceMs });
      if (this.#cache.length > MAX_CACHED) this.#cache.shift()?.bitmap.close();
    }
    return { bitmap: copy, micros: gop.startMicros };
  }

  #read(cameraId: string, micros: number): Promise<Gop | undefined> {
    return new Promise((resolve) => {
      let found: Gop | undefined;
      let handle: ReadHandle | undefined;
      const timeout = this.#deps.clock.after(TIMEOUT_MS, () => {
        handle?.cancel();
        resolve(undefined);
      });
      const assembler = new GopAssembler((gop) => {
        found ??= gop;
      });
      const over = (gop: Gop | undefined): void => {
        timeout.cancel();
        resolve(gop);
      };
      const request = {
        cameraId,
        role: "sub" as const,
        direction: "backward" as const,
        fromMicros: micros,
        toMicros: Math.max(0, micros - REACH_MICROS),
        maxBytes: 1,
        keyframesApartMicros: 1,
      };
      handle = this.#deps.connection.read(request, {
        onSource: (source) => assembler.source(source),
        onFrames: (frames) => assembler.push(frames),
        onEnd: () => {
          assembler.finish();
          over(found);
        },
        onFailed: (_code, denied) => {
          if (denied) this.forget(cameraId);
          over(undefined);
        },
      });
    });
  }
}
