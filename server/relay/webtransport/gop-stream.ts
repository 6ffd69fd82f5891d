import type { NativeSendStream, NativeSession } from "./native.ts";

/** Reset code: the GOP came too late, or the viewer no longer wants it. */
export const RESET_LATE = 1;
/** Streams have priority 0 by themselves. */
const OLDER_GOP_PRIORITY = -1;
/** One write is at most about this long. */
const MAX_WRITE_BYTES = 128 * 1024;

export interface GopStreamOptions {
  readonly session: NativeSession;
  /** After each write, with the bytes that the connection took, and once the stream is over with what was given up. */
  readonly onTaken: (bytes: number) => void;
}

/** One GOP of one camera stream on its own unidirectional stream. Frames queue while a write is under way. */
export class GopStream {
  readonly #options: GopStreamOptions;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #stream: NativeSendStream | undefined;
  #ended = false;
  #given = false;
  #wake: (() => void) | undefined;
  readonly done: Promise<void>;

  constructor(options: GopStreamOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** Given up, by either side: nothing more goes out. */
  get over(): boolean {
    return this.#given;
  }

  /** Bytes that the connection has not taken. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** False: the stream is over, the bytes go nowhere and `onTaken` will not count them. */
  add(bytes: Uint8Array): boolean {
    if (this.#ended || this.#given) return false;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.byteLength;
    return true;
  }

  /** Starts to send what was added since. */
  flush(): void {
    this.#wake?.();
  }

  /** No frame follows; what is queued still goes out. */
  end(): void {
    this.#ended = true;
    // The next GOP goes first from now on (W73).
    this.#stream?.setPriority(OLDER_GOP_PRIORITY).catch(() => {});
    this.#wake?.();
  }

  /** Gives up what is queued, and what the connection has not delivered yet. */
  reset(): void {
    if (this.#given) return;
    this.#given = true;
    const given = this.#queuedBytes;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#options.onTaken(given);
    this.#stream?.reset(RESET_LATE).catch(() => {});
    this.#wake?.();
  }

  async #run(): Promise<void> {
    try {
      const stream = await this.#options.session.openUni();
      this.#stream = stream;
      if (this.#given) return await stream.reset(RESET_LATE);
      for (;;) {
        if (this.#given) return;
        const piece = this.#take();
        if (piece) {
          await stream.write(piece);
          if (this.#given) return;
          this.#queuedBytes -= piece.byteLength;
          this.#options.onTaken(piece.byteLength);
        } else if (this.#ended) {
          return await stream.finish();
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } catch {
      // The session or the stream is gone; the connection notices by itself.
      this.reset();
    }
  }

  /** The next frames as one buffer. */
  #take(): Buffer | undefined {
    const first = this.#queue[0];
    if (!first) return undefined;
    let count = 1;
    let bytes = first.byteLength;
    for (; count < this.#queue.length; count++) {
      const next = this.#queue[count]?.byteLength ?? 0;
      if (bytes + next > MAX_WRITE_BYTES) break;
      bytes += next;
    }
    const pieces = this.#queue.splice(0, count);
    return count === 1 ? Buffer.from(first.buffer, first.byteOffset, first.byteLength) : Buffer.concat(pieces, bytes);
  }
}
