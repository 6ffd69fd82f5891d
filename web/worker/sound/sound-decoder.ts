import { CODEC_IDS } from "../../../shared/media/types.ts";
import { adtsConfig } from "./adts.ts";
import { decodeG711, G711_RATE } from "./g711.ts";

/** A stretch of sound in clear. */
export interface Sound {
  /** Capture time of the first sample, µs UTC. */
  readonly micros: number;
  readonly sampleRate: number;
  /** One array a channel, samples from -1 to 1. */
  readonly channels: readonly Float32Array<ArrayBuffer>[];
}

/** What WebCodecs has of AudioDecoder; replaced in tests. */
export type CreateAudioDecoder = (init: AudioDecoderInit) => AudioDecoder;

/** Decodes a camera's sound: G.711 by table, AAC by the browser. What cannot be decoded is left out. */
export class SoundDecoder {
  readonly #create: CreateAudioDecoder;
  readonly #onSound: (sound: Sound) => void;
  #decoder: AudioDecoder | undefined;
  #config = "";

  constructor(onSound: (sound: Sound) => void, create: CreateAudioDecoder = (init) => new AudioDecoder(init)) {
    this.#onSound = onSound;
    this.#create = create;
  }

  /** `payload` is borrowed. */
  decode(codec: number, payload: Uint8Array, micros: number): void {
    if (codec === CODEC_IDS.pcmu || codec === CODEC_IDS.pcma) {
      const channels = [decodeG711(codec === CODEC_IDS.pcmu ? "pcmu" : "pcma", payload)];
      this.#onSound({ micros, sampleRate: G711_RATE, channels });
    } else if (codec === CODEC_IDS.aac) this.#aac(payload, micros);
  }

  /** What is within is forgotten. Idempotent. */
  reset(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    this.#config = "";
    if (decoder && decoder.state !== "closed") decoder.close();
  }

  #aac(payload: Uint8Array, micros: number): void {
    const config = adtsConfig(payload);
    if (!config) return;
    try {
      const decoder = this.#ready(config);
      decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: micros, data: payload as BufferSource }));
    } catch {
      // Begins anew with the next frame.
      this.reset();
    }
  }

  #ready(config: AudioDecoderConfig): AudioDecoder {
    const text = JSON.stringify(config);
    if (this.#decoder?.state === "configured" && text === this.#config) return this.#decoder;
    this.reset();
    const created: AudioDecoder = this.#create({
      output: (data) => this.#onData(created, data),
      error: () => {
        if (this.#decoder === created) this.reset();
      },
    });
    created.configure(config);
    this.#decoder = created;
    this.#config = text;
    return created;
  }

  #onData(source: AudioDecoder, data: AudioData): void {
    try {
      if (source !== this.#decoder) return;
      const channels = Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
        const samples = new Float32Array(data.numberOfFrames);
        data.copyTo(samples, { planeIndex, format: "f32-planar" });
        return samples;
      });
      this.#onSound({ micros: data.timestamp, sampleRate: data.sampleRate, channels });
    } finally {
      data.close();
    }
  }
}
