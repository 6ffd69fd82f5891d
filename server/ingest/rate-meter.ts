const BUCKET_MS = 250;
const BUCKETS = 16;
const WINDOW_MS = BUCKET_MS * BUCKETS;

/** Frames and bytes over the last four seconds. O(1) per frame, no allocation. */
export class RateMeter {
  readonly #frames = new Uint32Array(BUCKETS);
  readonly #bytes = new Float64Array(BUCKETS);
  #bucket = 0;
  #startedMs = 0;
  #started = false;

  add(nowMs: number, bytes: number): void {
    this.#advance(nowMs);
    const slot = this.#bucket % BUCKETS;
    this.#frames[slot] = (this.#frames[slot] ?? 0) + 1;
    this.#bytes[slot] = (this.#bytes[slot] ?? 0) + bytes;
  }

  /** Averages over what has been observed, four seconds at most. Zero in the first quarter of a second. */
  read(nowMs: number): { fps: number; kbps: number } {
    if (!this.#started) return { fps: 0, kbps: 0 };
    this.#advance(nowMs);
    let frames = 0;
    let bytes = 0;
    for (let i = 0; i < BUCKETS; i++) {
      frames += this.#frames[i] ?? 0;
      bytes += this.#bytes[i] ?? 0;
    }
    // The oldest bucket begins at a bucket's edge, the newest is not over yet.
    const intoBucket = nowMs - this.#bucket * BUCKET_MS;
    const spanMs = Math.min(nowMs - this.#startedMs, WINDOW_MS - BUCKET_MS + intoBucket);
    if (spanMs < BUCKET_MS) return { fps: 0, kbps: 0 };
    return { fps: (frames * 1000) / spanMs, kbps: (bytes * 8) / spanMs };
  }

  reset(): void {
    this.#started = false;
    this.#frames.fill(0);
    this.#bytes.fill(0);
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (!this.#started) {
      this.#started = true;
      this.#startedMs = nowMs;
      this.#bucket = bucket;
      return;
    }
    const steps = Math.min(bucket - this.#bucket, BUCKETS);
    for (let i = 1; i <= steps; i++) {
      const slot = (this.#bucket + i) % BUCKETS;
      this.#frames[slot] = 0;
      this.#bytes[slot] = 0;
    }
    this.#bucket = Math.max(bucket, this.#bucket);
  }
}
