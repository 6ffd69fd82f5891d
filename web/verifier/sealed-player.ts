import { type FrameOpener, packageOpener } from "../../shared/evidence/frame-opener.ts";
import type { PackageKey } from "../../shared/evidence/key-file.ts";
import type { ByteFile } from "../../shared/evidence/package-files.ts";
import {
  isAudioFrame,
  isKeyframeOf,
  readSealedFile,
  type SealedFile,
  sealedFrames,
} from "../../shared/evidence/sealed-media.ts";
import { loadCrypto } from "./load-crypto.ts";

interface Part extends SealedFile {
  readonly file: ByteFile;
}

export interface PlayerEvents {
  onTime(captureMicros: number): void;
  onPlaying(playing: boolean): void;
  onError(codec: string): void;
}

/** Decoded pictures that wait: more would stall decoders that have few. */
const MAX_WAITING = 5;
const MAX_DECODING = 8;

/** Plays sealed segments: opened by wasm, decoded by WebCodecs, drawn on a canvas. */
export class SealedPlayer {
  readonly #parts: readonly Part[];
  readonly #cameraId: string;
  readonly #opener: FrameOpener;
  readonly #canvas: HTMLCanvasElement;
  readonly #events: PlayerEvents;
  readonly #frames: VideoFrame[] = [];
  /** Counts up with each seek: whoever works for an older one stops. */
  #run = 0;
  #playing = false;
  #closed = false;
  #target = 0;
  #shown = 0;
  #clock: { readonly wallMs: number; readonly micros: number } | undefined;
  #wake: () => void = () => undefined;

  private constructor(
    parts: readonly Part[],
    cameraId: string,
    opener: FrameOpener,
    canvas: HTMLCanvasElement,
    events: PlayerEvents,
  ) {
    this.#parts = parts;
    this.#cameraId = cameraId;
    this.#opener = opener;
    this.#canvas = canvas;
    this.#events = events;
    this.#shown = this.start;
  }

  static async create(
    files: readonly ByteFile[],
    cameraId: string,
    keys: readonly PackageKey[],
    canvas: HTMLCanvasElement,
    events: PlayerEvents,
  ): Promise<SealedPlayer> {
    const parts: Part[] = [];
    for (const file of files) parts.push({ file, ...(await readSealedFile(file)) });
    parts.sort((a, b) => a.index.start - b.index.start);
    return new SealedPlayer(parts, cameraId, packageOpener(await loadCrypto(), keys), canvas, events);
  }

  get start(): number {
    return this.#parts[0]?.index.start ?? 0;
  }
  get end(): number {
    return this.#parts.at(-1)?.index.end ?? 0;
  }
  get playing(): boolean {
    return this.#playing;
  }

  play(): void {
    if (this.#playing || this.#closed) return;
    this.#setPlaying(true);
    void this.#from(this.#shown >= this.end - 100_000 ? this.start : this.#shown);
  }

  pause(): void {
    this.#setPlaying(false);
    this.#run++;
    this.#drop();
  }

  /** Stops decoding and forgets the keys. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.pause();
    this.#opener.close();
  }

  /** Shows the picture of that time. */
  async seek(captureMicros: number): Promise<void> {
    if (!this.#closed) await this.#from(captureMicros);
  }

  #setPlaying(playing: boolean): void {
    this.#playing = playing;
    this.#events.onPlaying(playing);
  }

  #drop(): void {
    for (const frame of this.#frames.splice(0)) frame.close();
    this.#wake();
  }

  async #from(target: number): Promise<void> {
    const run = ++this.#run;
    this.#drop();
    this.#target = target;
    this.#clock = undefined;
    requestAnimationFrame((now) => this.#draw(run, now));
    let codec = "";
    let decoder: VideoDecoder | undefined;
    try {
      const first = Math.max(
        0,
        this.#parts.findLastIndex(({ index }) => index.start <= target),
      );
      for (const [at, { file, header, index }] of this.#parts.slice(first).entries()) {
        const keyframe = at > 0 ? undefined : index.keyframes.findLast(({ captureTime }) => captureTime <= target);
        if (!decoder || header.codecString !== codec) {
          await decoder?.flush();
          decoder?.close();
          codec = header.codecString;
          decoder = this.#decoder(run, codec);
        }
        for await (const frame of sealedFrames(file, keyframe?.offset ?? 256, index.dataEnd)) {
          if (isAudioFrame(frame)) continue;
          const data = await this.#opener.open(this.#cameraId, frame);
          await this.#room(run, decoder);
          if (run !== this.#run) return;
          const type = isKeyframeOf(frame) ? "key" : "delta";
          decoder.decode(new EncodedVideoChunk({ type, timestamp: frame.header.captureTime, data }));
        }
      }
      await decoder?.flush();
      await this.#emptied(run);
      if (run === this.#run) this.#setPlaying(false);
    } catch {
      if (run === this.#run) this.#failed(codec);
    } finally {
      if (decoder && decoder.state !== "closed") decoder.close();
    }
  }

  #decoder(run: number, codec: string): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (run !== this.#run) frame.close();
        else this.#frames.push(frame);
        this.#wake();
      },
      error: () => {
        if (run === this.#run) this.#failed(codec);
        this.#wake();
      },
    });
    decoder.addEventListener("dequeue", () => this.#wake());
    decoder.configure({ codec });
    return decoder;
  }

  #failed(codec: string): void {
    this.#run++;
    this.#drop();
    this.#setPlaying(false);
    this.#events.onError(codec);
  }

  async #room(run: number, decoder: VideoDecoder): Promise<void> {
    while (run === this.#run && (this.#frames.length >= MAX_WAITING || decoder.decodeQueueSize >= MAX_DECODING)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #emptied(run: number): Promise<void> {
    while (run === this.#run && this.#frames.length > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #draw(run: number, nowMs: number): void {
    if (run !== this.#run) return;
    let due: VideoFrame | undefined;
    for (let next = this.#frames[0]; next; next = this.#frames[0]) {
      if (this.#clock && next.timestamp > this.#clock.micros + (nowMs - this.#clock.wallMs) * 1000) break;
      this.#frames.shift();
      due?.close();
      due = next;
      if (this.#clock || next.timestamp < this.#target - 1000) continue;
      // The first picture at the time that was asked for starts the clock.
      this.#clock = { wallMs: nowMs, micros: next.timestamp };
      break;
    }
    if (due) {
      if (this.#clock) this.#show(due);
      due.close();
      this.#wake();
      if (this.#clock && !this.#playing) {
        this.#run++;
        this.#drop();
        return;
      }
    }
    requestAnimationFrame((now) => this.#draw(run, now));
  }

  #show(frame: VideoFrame): void {
    if (this.#canvas.width !== frame.displayWidth || this.#canvas.height !== frame.displayHeight) {
      this.#canvas.width = frame.displayWidth;
      this.#canvas.height = frame.displayHeight;
    }
    this.#canvas.getContext("2d")?.drawImage(frame, 0, 0);
    this.#shown = frame.timestamp;
    this.#events.onTime(frame.timestamp);
  }
}
