import { type FileHandle, open } from "node:fs/promises";
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  Output,
  StreamTarget,
  type StreamTargetChunk,
} from "mediabunny";
import type { ManifestMedia } from "../../shared/evidence/manifest.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { CODEC_IDS, type Codec } from "../../shared/media/types.ts";
import type { SealedHeader } from "../../shared/wire/sealed-frame.ts";
import { FLAG } from "../../shared/wire/sealed-frame.ts";
import { AAC_SAMPLES, type AdtsFacts, readAdts } from "./adts.ts";
import { decodeG711 } from "./g711.ts";

export interface MediaFileOptions {
  readonly path: string;
  readonly container: "mp4" | "mkv";
  readonly codec: number;
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
  readonly audioCodec: number | undefined;
  readonly title: string;
  /** Of the first picture. */
  readonly startMicros: number;
}

const VIDEO = { [CODEC_IDS.h264]: "avc", [CODEC_IDS.h265]: "hevc" } as const;
const MICROS = 1_000_000;
const G711_RATE = 8000;
/** Assumed of a picture with no neighbour. */
const ONE_FRAME_MICROS = 40_000;
const MAX_FRAME_MICROS = 1_000_000;

export function codecName(id: number): Codec | "unknown" {
  return (Object.entries(CODEC_IDS).find(([, number]) => number === id)?.[0] as Codec | undefined) ?? "unknown";
}

/**
 * One MP4 or MKV file of an unbroken stretch, pictures as the camera made them. Time 0 is the first picture; presentation
 * times are the stream's own, decode order is kept (B-frames). Sound never costs pictures: what does not fit is left out.
 */
export class MediaFile {
  readonly #options: MediaFileOptions;
  readonly #file: FileHandle;
  readonly #output: Output;
  readonly #video: EncodedVideoPacketSource;
  readonly #audio: EncodedAudioPacketSource | undefined;
  #basePts: number | undefined;
  #lastPts = 0;
  #highestPts = 0;
  #frameMicros = ONE_FRAME_MICROS;
  #smallestStep = MAX_FRAME_MICROS;
  #held: { readonly data: Uint8Array; readonly header: SealedHeader } | undefined;
  #frames = 0;
  #keyframes = 0;
  #audioFrames = 0;
  #bytes = 0;
  #endMicros: number;
  #adts: AdtsFacts | undefined;
  #lastAudioMicros = Number.NEGATIVE_INFINITY;

  private constructor(options: MediaFileOptions, file: FileHandle) {
    this.#options = options;
    this.#file = file;
    this.#endMicros = options.startMicros;
    const codec = VIDEO[options.codec as keyof typeof VIDEO];
    if (codec === undefined) {
      const message = `${codecName(options.codec)} does not fit into ${options.container}: choose the sealed package`;
      throw new FluxError("export.unsupported_codec", message);
    }
    this.#video = new EncodedVideoPacketSource(codec);
    const target = new StreamTarget(fileSink(file), { chunked: true, chunkSize: 4 * 1024 * 1024 });
    this.#output = new Output({ format: outputFormat(options), target });
    this.#output.addVideoTrack(this.#video);
    this.#audio = audioSource(options);
    if (this.#audio) this.#output.addAudioTrack(this.#audio);
    this.#output.setMetadataTags({ title: options.title, date: new Date(options.startMicros / 1000) });
  }

  /** Throws `export.unsupported_codec` and the system's errors. */
  static async create(options: MediaFileOptions): Promise<MediaFile> {
    const file = await open(options.path, "wx", 0o600);
    try {
      const media = new MediaFile(options, file);
      await media.#output.start();
      return media;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }
  get frames(): number {
    return this.#frames;
  }
  get highestPts(): number {
    return this.#highestPts;
  }

  /** In decode order, beginning with a keyframe. */
  async addVideo(header: SealedHeader, data: Uint8Array): Promise<void> {
    if (this.#basePts === undefined) {
      this.#basePts = header.pts;
      this.#highestPts = header.pts;
    }
    // Leads an open GOP and needs the one before, which is not in the file.
    if (header.pts < this.#basePts) return;
    const keyframe = (header.flags & FLAG.keyframe) !== 0;
    // The smallest step of a GOP is a picture's duration, whatever order its pictures come in.
    const step = Math.abs(header.pts - this.#lastPts);
    if (keyframe) this.#smallestStep = MAX_FRAME_MICROS;
    else if (step > 0) {
      this.#smallestStep = Math.min(this.#smallestStep, step);
      this.#frameMicros = this.#smallestStep;
    }
    this.#lastPts = header.pts;
    this.#highestPts = Math.max(this.#highestPts, header.pts);
    await this.#flush();
    this.#held = { data, header };
    this.#frames++;
    if (keyframe) this.#keyframes++;
    this.#bytes += data.byteLength;
    this.#endMicros = Math.max(this.#endMicros, header.captureTime + this.#frameMicros);
  }

  /** Sound of the stretch; what was before the first picture is left out. */
  async addAudio(header: SealedHeader, data: Uint8Array): Promise<void> {
    const { audioCodec, container } = this.#options;
    if (!this.#audio || header.codec !== audioCodec || this.#basePts === undefined) return;
    const at = header.pts - this.#basePts;
    if (at < 0 || at <= this.#lastAudioMicros || data.byteLength === 0) return;
    const ready = header.codec === CODEC_IDS.aac ? this.#aac(data) : this.#g711(header.codec, data, container);
    if (!ready) return;
    this.#lastAudioMicros = at;
    const { bytes, seconds, config } = ready;
    await this.#audio.add(new EncodedPacket(bytes, "key", at / MICROS, seconds), { decoderConfig: config });
    this.#audioFrames++;
    this.#bytes += data.byteLength;
  }

  /** Writes what is missing and closes the file. */
  async finish(): Promise<Omit<ManifestMedia, "item">> {
    await this.#flush();
    await this.#output.finalize();
    await this.#file.close();
    const { codec, width, height, startMicros, audioCodec } = this.#options;
    return {
      codec: codecName(codec),
      width,
      height,
      startMicros,
      endMicros: this.#endMicros,
      durationMicros: this.#highestPts - (this.#basePts ?? this.#highestPts) + this.#frameMicros,
      frames: this.#frames,
      keyframes: this.#keyframes,
      audioFrames: this.#audioFrames,
      audioCodec: audioCodec === undefined || this.#audioFrames === 0 ? null : codecName(audioCodec),
    };
  }

  async abandon(): Promise<void> {
    await this.#output.cancel().catch(() => undefined);
    await this.#file.close().catch(() => undefined);
  }

  /** A picture waits for the next one, whose time says how long it lasts. */
  async #flush(): Promise<void> {
    const held = this.#held;
    if (!held || this.#basePts === undefined) return;
    this.#held = undefined;
    const { codecString: codec, width: codedWidth, height: codedHeight } = this.#options;
    const type = (held.header.flags & FLAG.keyframe) !== 0 ? "key" : "delta";
    const timestamp = (held.header.pts - this.#basePts) / MICROS;
    const packet = new EncodedPacket(held.data, type, timestamp, this.#frameMicros / MICROS);
    await this.#video.add(packet, { decoderConfig: { codec, codedWidth, codedHeight } });
  }

  #aac(data: Uint8Array) {
    const facts = readAdts(data);
    if (!facts) return undefined;
    this.#adts ??= facts;
    const { objectType, sampleRate, channels } = this.#adts;
    // A file has one description of its sound; frames of another kind are left out.
    if (facts.sampleRate !== sampleRate || facts.channels !== channels || facts.objectType !== objectType)
      return undefined;
    const config = { codec: `mp4a.40.${objectType}`, sampleRate, numberOfChannels: channels };
    return { bytes: data, seconds: AAC_SAMPLES / sampleRate, config };
  }

  #g711(codec: number, data: Uint8Array, container: "mp4" | "mkv") {
    const law = codec === CODEC_IDS.pcmu ? "pcmu" : "pcma";
    const seconds = data.byteLength / G711_RATE;
    const common = { sampleRate: G711_RATE, numberOfChannels: 1 };
    if (container === "mp4")
      return { bytes: data, seconds, config: { codec: law === "pcmu" ? "ulaw" : "alaw", ...common } };
    return { bytes: decodeG711(law, data), seconds, config: { codec: "pcm-s16", ...common } };
  }
}

/**
 * MP4 proper has no place for G.711. QuickTime's flavour of the same format has, and every player reads it, whatever the
 * file's name ends in.
 */
function outputFormat({ container, audioCodec }: MediaFileOptions) {
  if (container === "mkv") return new MkvOutputFormat();
  const g711 = audioCodec === CODEC_IDS.pcmu || audioCodec === CODEC_IDS.pcma;
  return g711 ? new MovOutputFormat({ fastStart: false }) : new Mp4OutputFormat({ fastStart: false });
}

function audioSource({ audioCodec, container }: MediaFileOptions): EncodedAudioPacketSource | undefined {
  switch (audioCodec) {
    case CODEC_IDS.aac:
      return new EncodedAudioPacketSource("aac");
    case CODEC_IDS.pcmu:
      return new EncodedAudioPacketSource(container === "mp4" ? "ulaw" : "pcm-s16");
    case CODEC_IDS.pcma:
      return new EncodedAudioPacketSource(container === "mp4" ? "alaw" : "pcm-s16");
    default:
      return undefined;
  }
}

function fileSink(file: FileHandle): WritableStream<StreamTargetChunk> {
  return new WritableStream({
    async write({ data, position }) {
      for (let done = 0; done < data.byteLength; ) {
        const { bytesWritten } = await file.write(data, done, data.byteLength - done, position + done);
        done += bytesWritten;
      }
    },
  });
}
