import type { DecodeBackend, DecoderEvents, DecoderLike } from "../worker/decode/backend.ts";

/** What a test hands out as a VideoFrame: remembers whether it was closed. */
export interface FakeFrame {
  readonly timestamp: number;
  closed: boolean;
  close(): void;
}

export function fakeFrame(timestamp: number): FakeFrame & VideoFrame {
  const frame: FakeFrame = {
    timestamp,
    closed: false,
    close() {
      this.closed = true;
    },
  };
  return frame as FakeFrame & VideoFrame;
}

/** A decoder whose output is in the test's hands. */
export class FakeDecoder implements DecoderLike {
  state: CodecState = "unconfigured";
  readonly configs: VideoDecoderConfig[] = [];
  queued: EncodedVideoChunkInit[] = [];
  resets = 0;
  readonly #events: DecoderEvents;

  constructor(events: DecoderEvents) {
    this.#events = events;
  }

  get decodeQueueSize(): number {
    return this.queued.length;
  }

  configure(config: VideoDecoderConfig): void {
    this.configs.push(config);
    this.state = "configured";
  }

  decode(chunk: EncodedVideoChunk): void {
    this.queued.push(chunk as unknown as EncodedVideoChunkInit);
  }

  flush(): Promise<void> {
    this.output();
    return Promise.resolve();
  }

  reset(): void {
    this.resets++;
    this.queued = [];
    this.state = "unconfigured";
  }

  close(): void {
    this.state = "closed";
    this.queued = [];
  }

  /** Decodes the oldest `count` chunks; returns the frames. */
  output(count = this.queued.length): (FakeFrame & VideoFrame)[] {
    return this.queued.splice(0, count).map(({ timestamp }) => {
      const frame = fakeFrame(timestamp);
      this.#events.output(frame);
      return frame;
    });
  }

  fail(message: string): void {
    this.state = "closed";
    this.#events.error(new Error(message));
  }
}

/** WebCodecs in the test's hands: `supports` says which configurations the browser claims to decode. */
export class FakeBackend implements DecodeBackend {
  readonly decoders: FakeDecoder[] = [];
  supports: (config: VideoDecoderConfig) => boolean = ({ hardwareAcceleration }) =>
    hardwareAcceleration === "prefer-software";

  get last(): FakeDecoder {
    const decoder = this.decoders.at(-1);
    if (!decoder) throw new Error("no decoder was made");
    return decoder;
  }

  createDecoder(events: DecoderEvents): DecoderLike {
    const decoder = new FakeDecoder(events);
    this.decoders.push(decoder);
    return decoder;
  }

  isSupported(config: VideoDecoderConfig): Promise<boolean> {
    return Promise.resolve(this.supports(config));
  }

  createChunk(init: EncodedVideoChunkInit): EncodedVideoChunk {
    return init as unknown as EncodedVideoChunk;
  }
}

/** Lets promises that are settled already run their callbacks. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}
