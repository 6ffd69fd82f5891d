import type { Clock } from "../../../shared/lib/clock.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { SoundPiece } from "../../engine/worker-protocol.ts";
import type { KeyStore } from "../open/key-store.ts";
import { openFrame } from "../open/open-frame.ts";
import { type CreateAudioDecoder, type Sound, SoundDecoder } from "./sound-decoder.ts";

/** Sound is heard so long after it came: what the network holds back for less than this leaves no hole. */
const JITTER_MICROS = 150_000;
/** More than this waits only after a stall: the wall shows what is now, and so does the sound. */
const MOST_WAITING_MICROS = 400_000;
/** What comes again after a switch of streams is no older than this; what is older is of a clock that was set back. */
const REPEATED_MICROS = 10_000_000;

/** The sound of one live camera, a moment behind its pictures. */
export class LiveSound {
  readonly #clock: Clock;
  readonly #keys: KeyStore;
  readonly #onPiece: (piece: SoundPiece | undefined) => void;
  readonly #decoder: SoundDecoder;
  #cameraId: string | undefined;
  #lastMicros = 0;
  /** From capture time to when it is heard; undefined: the next piece decides. */
  #offsetMicros: number | undefined;

  /** `onPiece` with undefined: silence, at once. */
  constructor(
    clock: Clock,
    keys: KeyStore,
    onPiece: (piece: SoundPiece | undefined) => void,
    createDecoder?: CreateAudioDecoder,
  ) {
    this.#clock = clock;
    this.#keys = keys;
    this.#onPiece = onPiece;
    this.#decoder = new SoundDecoder((sound) => this.#onSound(sound), createDecoder);
  }

  /** The camera that is heard; undefined: none. */
  hear(cameraId: string | undefined): void {
    if (cameraId === this.#cameraId) return;
    const sounded = this.#cameraId !== undefined;
    this.#cameraId = cameraId;
    this.#lastMicros = 0;
    this.#offsetMicros = undefined;
    this.#decoder.reset();
    if (sounded) this.#onPiece(undefined);
  }

  /** While the server switches streams, the same sound comes with both: it is heard once. */
  push(cameraId: string, frame: SealedFrame): void {
    const { codec, captureTime } = frame.header;
    const older = this.#lastMicros - captureTime;
    if (cameraId !== this.#cameraId || (older >= 0 && older < REPEATED_MICROS)) return;
    // The pictures of the camera ask for its keys.
    const payload = openFrame(cameraId, { sealed: frame, payload: undefined }, this.#keys, () => undefined);
    if (typeof payload === "string") return;
    this.#lastMicros = captureTime;
    this.#decoder.decode(codec, payload, captureTime);
  }

  close(): void {
    this.hear(undefined);
  }

  #onSound({ micros, sampleRate, channels }: Sound): void {
    const now = this.#clock.utcMicros();
    const waits = micros + (this.#offsetMicros ?? Number.NaN) - now;
    if (!(waits >= 0 && waits <= MOST_WAITING_MICROS)) {
      // The first, or too late, or too much has gathered, or the camera's clock was set: anew from here.
      if (this.#offsetMicros !== undefined) this.#onPiece(undefined);
      this.#offsetMicros = now + JITTER_MICROS - micros;
    }
    const atMicros = micros + (this.#offsetMicros ?? 0);
    this.#onPiece({ atMicros, micros, sampleRate, channels });
  }
}
