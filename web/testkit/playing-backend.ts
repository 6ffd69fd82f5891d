import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { DecodeBackend, DecoderEvents, DecoderLike } from "../worker/decode/backend.ts";

/** What a test hands out as a VideoFrame: clones count as frames of their own. */
interface PlayedFrame {
  readonly timestamp: number;
  readonly codedWidth: number;
  clone(): PlayedFrame;
  close(): void;
}

/**
 * WebCodecs that decodes by itself, a microtask later: pictures come out in the order of their time stamps, `depth` of
 * them kept back until more units or a flush come. Refuses what a decoder would: deltas without their keyframe.
 */
export class PlayingBackend implements DecodeBackend {
  /** Time stamps in the order of decoding. */
  readonly decoded: number[] = [];
  open = 0;
  depth = 0;
  /** Time stamps that never come out. */
  readonly swallow = new Set<number>();
  decoders = 0;
  /** How long each decoder needs for a picture; undefined: no time. */
  slow: { readonly clock: Clock; readonly ms: number } | undefined;

  createDecoder(events: DecoderEvents): DecoderLike {
    this.decoders++;
    return new PlayingDecoder(this, events);
  }

  isSupported({ hardwareAcceleration }: VideoDecoderConfig): Promise<boolean> {
    return Promise.resolve(hardwareAcceleration === "prefer-software");
  }

  createChunk(init: EncodedVideoChunkInit): EncodedVideoChunk {
    return init as unknown as EncodedVideoChunk;
  }

  frame(timestamp: number): VideoFrame {
    this.open++;
    let closed = false;
    const frame: PlayedFrame = {
      timestamp,
      codedWidth: 640,
      clone: () => this.frame(timestamp) as unknown as PlayedFrame,
      close: () => {
        if (!closed) this.open--;
        closed = true;
      },
    };
    return frame as unknown as VideoFrame;
  }
}

class PlayingDecoder implements DecoderLike {
  state: CodecState = "unconfigured";
  readonly #backend: PlayingBackend;
  readonly #events: DecoderEvents;
  #held: number[] = [];
  #queued = 0;
  #needsKey = true;
  #turn = 0;
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(backend: PlayingBackend, events: DecoderEvents) {
    this.#backend = backend;
    this.#events = events;
  }

  get decodeQueueSize(): number {
    return this.#queued;
  }

  configure(): void {
    this.state = "configured";
    this.#needsKey = true;
  }

  decode(chunk: EncodedVideoChunk): void {
    if (this.state !== "configured") throw new Error("not configured");
    if (this.#needsKey && chunk.type !== "key") throw new Error("a key frame is required");
    this.#needsKey = false;
    const { timestamp } = chunk;
    const turn = this.#turn;
    this.#queued++;
    this.#soon(() => {
      if (turn !== this.#turn) return;
      this.#queued--;
      this.#backend.decoded.push(timestamp);
      if (!this.#backend.swallow.has(timestamp)) this.#held.push(timestamp);
      this.#release(this.#backend.depth);
      this.#events.dequeued?.();
    });
  }

  async flush(): Promise<void> {
    const turn = this.#turn;
    while (this.#queued > 0 && turn === this.#turn) {
      if (this.#backend.slow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else await Promise.resolve();
    }
    if (turn !== this.#turn) throw new Error("reset");
    this.#release(0);
    this.#needsKey = true;
  }

  reset(): void {
    this.#turn++;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const run of this.#waiting.splice(0)) run();
    this.#queued = 0;
    this.#held = [];
    this.state = "unconfigured";
  }

  close(): void {
    this.reset();
    this.state = "closed";
  }

  /** One after the other, each after its time. */
  #soon(run: () => void): void {
    const { slow } = this.#backend;
    if (!slow) {
      queueMicrotask(run);
      return;
    }
    this.#waiting.push(run);
    this.#timer ??= slow.clock.every(millis(slow.ms), () => {
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    });
  }

  #release(keep: number): void {
    this.#held.sort((a, b) => a - b);
    while (this.#held.length > keep) {
      const timestamp = this.#held.shift();
      if (timestamp !== undefined) this.#events.output(this.#backend.frame(timestamp));
    }
  }
}
