/** What is used of WebCodecs, so that tests can put a scripted decoder in its place. */
export interface DecoderLike {
  readonly decodeQueueSize: number;
  readonly state: CodecState;
  configure(config: VideoDecoderConfig): void;
  decode(chunk: EncodedVideoChunk): void;
  /** Resolves when every picture is out; the next chunk must be a keyframe. Rejects when it was reset meanwhile. */
  flush(): Promise<void>;
  reset(): void;
  close(): void;
}

export interface DecoderEvents {
  output(frame: VideoFrame): void;
  error(error: Error): void;
  /** The queue has become shorter. */
  dequeued?(): void;
}

export interface DecodeBackend {
  createDecoder(events: DecoderEvents): DecoderLike;
  isSupported(config: VideoDecoderConfig): Promise<boolean>;
  createChunk(init: EncodedVideoChunkInit): EncodedVideoChunk;
}

/** The browser's own decoder. */
export function webCodecsBackend(): DecodeBackend {
  return {
    createDecoder(events) {
      const decoder = new VideoDecoder(events);
      if (events.dequeued) decoder.ondequeue = () => events.dequeued?.();
      return decoder;
    },
    async isSupported(config) {
      try {
        return (await VideoDecoder.isConfigSupported(config)).supported === true;
      } catch {
        // A codec string that the browser cannot even parse.
        return false;
      }
    },
    createChunk: (init) => new EncodedVideoChunk(init),
  };
}
