import type { Clock } from "../../shared/lib/clock.ts";
import type { SoundPiece } from "./worker-protocol.ts";

/** A stretch that is due within this of the end of the one before is appended to it: a seam would be heard. */
const SEAM_SECONDS = 0.08;
/** What begins later than this after its time is cut at the front. */
const START_SECONDS = 0.01;

/** Plays stretches of sound at their times. A context of the browser is made with the first one. */
export class SoundOutput {
  readonly #clock: Clock;
  readonly #create: (sampleRate: number) => AudioContext;
  readonly #playing = new Set<AudioBufferSourceNode>();
  #context: AudioContext | undefined;
  /** Where what is planned ends, seconds of the context. */
  #until = Number.NaN;

  /** `create`: at the sound's own rate, so that the browser converts one stream and not each stretch by itself. */
  constructor(clock: Clock, create = (sampleRate: number) => new AudioContext({ sampleRate })) {
    this.#clock = clock;
    this.#create = create;
  }

  /** undefined: silence, at once. */
  take(piece: SoundPiece | undefined): void {
    if (piece === undefined) this.#silence();
    else this.#play(piece);
  }

  close(): void {
    this.#silence();
    const context = this.#context;
    this.#context = undefined;
    void context?.close().catch(() => undefined);
  }

  #play({ atMicros, sampleRate, channels }: SoundPiece): void {
    const length = channels[0]?.length ?? 0;
    if (length === 0) return;
    const context = this.#ready(sampleRate);
    if (context === undefined) return;
    const now = context.currentTime;
    const due = now + (atMicros - this.#clock.utcMicros()) / 1e6 - (context.outputLatency || 0);
    const start = Math.abs(due - this.#until) < SEAM_SECONDS ? this.#until : due;
    const late = now + START_SECONDS - start;
    const seconds = length / sampleRate;
    if (late >= seconds) return;
    const buffer = context.createBuffer(channels.length, length, sampleRate);
    for (const [index, samples] of channels.entries()) buffer.copyToChannel(samples, index);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.onended = () => this.#playing.delete(source);
    this.#playing.add(source);
    if (late > 0) source.start(start + late, late);
    else source.start(start);
    this.#until = start + seconds;
  }

  #ready(sampleRate: number): AudioContext | undefined {
    if (this.#context?.sampleRate !== sampleRate) {
      this.close();
      try {
        this.#context = this.#create(sampleRate);
      } catch {
        // No sound device, or a rate that this browser does not take: silence.
        return undefined;
      }
    }
    if (this.#context.state === "running") return this.#context;
    // Browsers hold sound back until somebody has touched the page. Its clock stands until then.
    void this.#context.resume().catch(() => undefined);
    return undefined;
  }

  #silence(): void {
    for (const source of this.#playing) {
      source.onended = null;
      source.stop();
    }
    this.#playing.clear();
    this.#until = Number.NaN;
  }
}
