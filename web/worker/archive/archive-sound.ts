import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { FLAG, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { SoundPiece } from "../../engine/worker-protocol.ts";
import type { SealedPiece } from "../open/open-frame.ts";
import { type CreateAudioDecoder, type Sound, SoundDecoder } from "../sound/sound-decoder.ts";
import type { ArchiveConnection } from "./archive-connection.ts";
import type { EndMessage, ReadHandle } from "./line-reads.ts";

export interface ArchiveSoundDeps {
  readonly clock: Clock;
  readonly connection: Pick<ArchiveConnection, "read">;
  readonly createDecoder?: CreateAudioDecoder;
  /** The camera that is to be heard and where its clock is; undefined: nothing is, now. */
  wish(): SoundWish | undefined;
  /** The frame's payload in clear. */
  open(cameraId: string, piece: SealedPiece): Uint8Array | "no-key" | "refused";
  /** undefined: silence, at once. */
  onSound(piece: SoundPiece | undefined): void;
}

export interface SoundWish {
  readonly cameraId: string;
  readonly positionMicros: number;
}

const TICK_MS = millis(50);
/** So far ahead of the clock sound is handed out: enough for a page that is busy, little to take back. */
const LEAD_MICROS = 500_000;
/** What is later than this is not heard any more. */
const LATE_MICROS = 40_000;
/** A clock that is elsewhere than it should be by so much was set to another time. */
const JUMP_MICROS = 250_000;
/** Handed out in stretches of at least this. */
const PIECE_MICROS = 200_000;
/** Two frames belong together when they are no farther apart. */
const JOIN_MICROS = 30_000;
const AHEAD_MICROS = 4_000_000;
const REACH_MICROS = 8_000_000;
const READ_BYTES = 4 * 1024 * 1024;
const AGAIN_MS = 1000;
/** Neither stream had any sound. */
const NOTHING_AGAIN_MS = 5000;

/**
 * The sound of one camera of the archive, at the speed of life. Reads it without the pictures, opens and decodes it a
 * little ahead of the clock, and says when each stretch is to be heard. A clock that stops or jumps is silence at once.
 */
export class ArchiveSound {
  readonly #deps: ArchiveSoundDeps;
  readonly #decoder: SoundDecoder;
  #timer: Timer | undefined;
  #heard: { readonly cameraId: string; positionMicros: number; atMs: number } | undefined;
  #frames: SealedPiece[] = [];
  #reading: ReadHandle | undefined;
  #role: "main" | "sub" = "main";
  #fruitless = 0;
  /** Everything up to here has been read. */
  #knownMicros = 0;
  #notBeforeMs = 0;
  /** The last frame that was decoded. */
  #fedMicros = 0;
  #gathered: Sound[] = [];

  constructor(deps: ArchiveSoundDeps) {
    this.#deps = deps;
    this.#decoder = new SoundDecoder((sound) => this.#gathered.push(sound), deps.createDecoder);
  }

  /** Looks after the wish until it is turned off. */
  setOn(on: boolean): void {
    if (on) this.#timer ??= this.#deps.clock.every(TICK_MS, () => this.update());
    else {
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    this.update();
  }

  /** The camera may not be heard any more. */
  forget(cameraId: string): void {
    if (this.#heard?.cameraId === cameraId) this.#stop();
  }

  close(): void {
    this.setOn(false);
    this.#stop();
  }

  update(): void {
    const wish = this.#timer && this.#deps.wish();
    if (!wish) {
      this.#stop();
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    const heard = this.#heard;
    const expected = heard && heard.positionMicros + (nowMs - heard.atMs) * 1000;
    const jumped = expected === undefined || Math.abs(expected - wish.positionMicros) > JUMP_MICROS;
    if (heard?.cameraId !== wish.cameraId || jumped) this.#begin(wish);
    this.#heard = { ...wish, atMs: nowMs };
    this.#read(wish, nowMs);
    this.#feed(wish);
    this.#handOut(wish);
  }

  #begin({ cameraId, positionMicros }: SoundWish): void {
    if (this.#heard?.cameraId !== cameraId) {
      this.#role = "main";
      this.#fruitless = 0;
    }
    this.#stop();
    this.#knownMicros = positionMicros;
    this.#fedMicros = positionMicros - LATE_MICROS;
    this.#notBeforeMs = 0;
  }

  #stop(): void {
    if (!this.#heard) return;
    this.#heard = undefined;
    this.#reading?.cancel();
    this.#reading = undefined;
    this.#frames = [];
    this.#gathered = [];
    this.#decoder.reset();
    this.#deps.onSound(undefined);
  }

  #read({ cameraId, positionMicros }: SoundWish, nowMs: number): void {
    if (this.#reading || nowMs < this.#notBeforeMs || this.#knownMicros - positionMicros > AHEAD_MICROS) return;
    const fromMicros = Math.max(this.#knownMicros, positionMicros);
    const toMicros = fromMicros + REACH_MICROS;
    const range = { direction: "forward", fromMicros, toMicros, maxBytes: READ_BYTES } as const;
    let found = 0;
    const handle = this.#deps.connection.read(
      { cameraId, role: this.#role, ...range, audio: true, video: false },
      {
        onSource: () => undefined,
        onFrames: (frames) => {
          if (this.#reading === handle) found += this.#add(frames);
        },
        onEnd: (end) => {
          if (this.#reading === handle) this.#onEnd(end, found, toMicros);
        },
        onFailed: () => {
          if (this.#reading !== handle) return;
          this.#reading = undefined;
          this.#notBeforeMs = this.#deps.clock.monotonicMs() + NOTHING_AGAIN_MS;
        },
      },
    );
    this.#reading = handle;
  }

  #add(frames: readonly SealedFrame[]): number {
    const sound = frames.filter(({ header }) => (header.flags & FLAG.audio) !== 0);
    const last = this.#frames.at(-1)?.sealed.header.captureTime ?? this.#fedMicros;
    for (const sealed of sound) {
      // A read begins with the whole GOP: what came before is here already.
      if (sealed.header.captureTime > last) this.#frames.push({ sealed, payload: undefined });
    }
    return sound.length;
  }

  #onEnd({ nextMicros, laterMicros, frames }: EndMessage, found: number, toMicros: number): void {
    this.#reading = undefined;
    const now = this.#deps.clock.monotonicMs();
    if (found > 0) {
      this.#fruitless = 0;
      const last = this.#frames.at(-1)?.sealed.header.captureTime ?? this.#knownMicros;
      this.#knownMicros = nextMicros ?? last + 1;
      // The end of what is there: more may be coming.
      if (nextMicros === null) this.#notBeforeMs = now + AGAIN_MS;
      return;
    }
    this.#fruitless++;
    this.#role = this.#role === "main" ? "sub" : "main";
    if (this.#fruitless < 2) return;
    this.#fruitless = 0;
    this.#notBeforeMs = now + (frames === 0 && laterMicros !== null ? AGAIN_MS : NOTHING_AGAIN_MS);
    this.#knownMicros = Math.min(toMicros, Math.max(this.#knownMicros, laterMicros ?? 0));
  }

  /** Opens and decodes what is due soon. */
  #feed({ cameraId, positionMicros }: SoundWish): void {
    for (let piece = this.#frames[0]; piece; piece = this.#frames[0]) {
      const { captureTime, codec } = piece.sealed.header;
      if (captureTime > positionMicros + LEAD_MICROS) return;
      if (captureTime >= positionMicros - LATE_MICROS) {
        const payload = this.#deps.open(cameraId, piece);
        // The key has been asked for.
        if (payload === "no-key") return;
        if (payload !== "refused") this.#decoder.decode(codec, payload, captureTime);
      }
      this.#frames.shift();
      this.#fedMicros = captureTime;
    }
  }

  /** Stretches without a seam, each said when it is to be heard. */
  #handOut({ positionMicros }: SoundWish): void {
    const now = this.#deps.clock.utcMicros();
    while (this.#gathered.length > 0) {
      const length = seamless(this.#gathered);
      const stretch = this.#gathered.slice(0, length);
      const [first] = stretch;
      if (!first) return;
      const micros = stretch.reduce((sum, sound) => sum + lengthOf(sound), 0);
      const more = length === this.#gathered.length && this.#frames.length > 0;
      if (more && micros < PIECE_MICROS && first.micros > positionMicros + PIECE_MICROS) return;
      this.#gathered.splice(0, length);
      this.#deps.onSound({
        atMicros: now + first.micros - positionMicros,
        micros: first.micros,
        sampleRate: first.sampleRate,
        channels: first.channels.map((_, channel) => joined(stretch.map(({ channels }) => channels[channel]))),
      });
    }
  }
}

function lengthOf({ sampleRate, channels }: Sound): number {
  return ((channels[0]?.length ?? 0) / sampleRate) * 1e6;
}

/** How many of them follow one another without a hole. */
function seamless(sounds: readonly Sound[]): number {
  let count = 1;
  for (; count < sounds.length; count++) {
    const [before, next] = [sounds[count - 1], sounds[count]];
    if (!before || !next || before.sampleRate !== next.sampleRate) break;
    if (before.channels.length !== next.channels.length) break;
    if (Math.abs(before.micros + lengthOf(before) - next.micros) > JOIN_MICROS) break;
  }
  return count;
}

function joined(parts: readonly (Float32Array | undefined)[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    if (part) whole.set(part, at);
    at += part?.length ?? 0;
  }
  return whole;
}
