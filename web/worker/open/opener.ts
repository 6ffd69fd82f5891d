import type { Clock } from "../../../shared/lib/clock.ts";
import { errorCode } from "../../../shared/lib/errors.ts";
import { FLAG, HEADER_BYTES, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import { type KeyName, type KeyStore, keyNameText } from "./key-store.ts";

/** Two seconds of a busy 4K stream: longer than a key takes to come, small enough for 64 tiles at once. */
const MAX_WAITING_FRAMES = 64;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** The server's answer takes one round trip; asking more often only adds load. */
const ASK_AGAIN_MS = 2000;
/** A key that fails this often in a row is wrong, not the frames. */
const MAX_FAILURES = 3;

export interface OpenerEvents {
  /** A frame in clear, in the order of arrival. The payload lies where the sealed one lay, within `frame.bytes`. */
  onOpened(frame: SealedFrame, payload: Uint8Array): void;
  /** Frames of the stream were lost: pictures can go on only at a keyframe. */
  onGap(reason: "no-key" | "auth-failed"): void;
  /** The key must be asked for; already limited in rate. */
  onKeyNeeded(name: KeyName): void;
}

/** Opens one stream's frames. Fails closed: what does not authenticate is dropped and counted, never shown. */
export class Opener {
  readonly #cameraId: string;
  readonly #keys: KeyStore;
  readonly #clock: Clock;
  readonly #events: OpenerEvents;
  readonly #waiting: SealedFrame[] = [];
  readonly #askedAt = new Map<string, number>();
  #waitingBytes = 0;
  #needsKeyframe = false;
  #failures = 0;
  #rejected = 0;

  constructor(cameraId: string, keys: KeyStore, clock: Clock, events: OpenerEvents) {
    this.#cameraId = cameraId;
    this.#keys = keys;
    this.#clock = clock;
    this.#events = events;
  }

  /** Frames that did not authenticate, since the start. */
  get rejected(): number {
    return this.#rejected;
  }

  get waitingForKey(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes the frame over: it is opened in place. */
  push(frame: SealedFrame): void {
    if (this.#waiting.length > 0) this.#hold(frame);
    else this.#open(frame);
  }

  /** Call when keys have come. */
  keysAdded(): void {
    const frames = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const frame of frames) this.push(frame);
  }

  #nameOf(frame: SealedFrame): KeyName {
    const { header } = frame;
    const nonce = new DataView(header.nonce.buffer, header.nonce.byteOffset, header.nonce.byteLength);
    return { cameraId: this.#cameraId, keyId: header.keyId, generation: nonce.getUint32(0), epoch: header.epoch };
  }

  #open(frame: SealedFrame): void {
    const { header, bytes } = frame;
    if (this.#needsKeyframe && (header.flags & FLAG.keyframe) === 0) return;
    const name = this.#nameOf(frame);
    const key = this.#keys.find(name, header.suite);
    if (!key) {
      this.#hold(frame);
      this.#ask(name);
      return;
    }
    let payload: Uint8Array;
    try {
      // In its own bytes, which nobody else holds and nothing reads again: no allocation for each frame.
      const aad = bytes.subarray(0, HEADER_BYTES);
      const length = key.openInto(header.nonce, aad, bytes.subarray(HEADER_BYTES), bytes, HEADER_BYTES);
      payload = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
    } catch (error) {
      this.#rejected++;
      this.#needsKeyframe = true;
      if (errorCode(error) === "crypto.disposed" || ++this.#failures >= MAX_FAILURES) {
        this.#failures = 0;
        this.#keys.forget(name);
      }
      this.#events.onGap("auth-failed");
      return;
    }
    this.#failures = 0;
    this.#needsKeyframe = false;
    this.#events.onOpened(frame, payload);
  }

  #hold(frame: SealedFrame): void {
    const keyframe = (frame.header.flags & FLAG.keyframe) !== 0;
    // A newer keyframe makes everything before it superfluous.
    if (keyframe) this.#discard();
    else if (this.#needsKeyframe) return;
    this.#needsKeyframe = false;
    this.#waiting.push(frame);
    this.#waitingBytes += frame.bytes.byteLength;
    if (this.#waiting.length > MAX_WAITING_FRAMES || this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#discard();
      this.#needsKeyframe = true;
      this.#events.onGap("no-key");
    }
    this.#ask(this.#nameOf(frame));
  }

  #discard(): void {
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #ask(name: KeyName): void {
    const text = keyNameText(name);
    const now = this.#clock.monotonicMs();
    const asked = this.#askedAt.get(text);
    if (asked !== undefined && now - asked < ASK_AGAIN_MS) return;
    // Only the newest name matters; the map stays small whatever the server sends.
    if (this.#askedAt.size >= 16) this.#askedAt.clear();
    this.#askedAt.set(text, now);
    this.#events.onKeyNeeded(name);
  }
}
