import type { DecodedPicture } from "../decode/stream-decoder.ts";

/** A step back in time larger than any reorder depth: the stream began anew (restart, wrap), it is not a late picture. */
const RESTART_MICROS = 1_000_000;

/**
 * Holds the newest decoded picture of a camera until the screen takes it. Latency first: a picture that is replaced
 * before it was drawn is closed at once, so that a camera never has more than one waiting picture.
 */
export class Playhead {
  #next: DecodedPicture | undefined;
  #lastPts: number | undefined;
  #replaced = 0;
  #late = 0;

  /** Pictures that a newer one replaced before they were drawn. */
  get replaced(): number {
    return this.#replaced;
  }
  /** Pictures older than the one on the screen; never shown. */
  get late(): number {
    return this.#late;
  }
  get waiting(): boolean {
    return this.#next !== undefined;
  }

  /** Takes ownership. */
  offer(picture: DecodedPicture): void {
    const last = this.#next?.pts ?? this.#lastPts;
    if (last !== undefined && picture.pts < last && last - picture.pts < RESTART_MICROS) {
      this.#late++;
      picture.owned.close();
      return;
    }
    if (this.#next) {
      this.#replaced++;
      this.#next.owned.close();
    }
    this.#next = picture;
  }

  /** Gives the picture and its ownership to the caller. */
  take(): DecodedPicture | undefined {
    const picture = this.#next;
    this.#next = undefined;
    if (picture) this.#lastPts = picture.pts;
    return picture;
  }

  /** Another stream follows: its timeline has nothing to do with the one before. */
  restart(): void {
    this.#lastPts = undefined;
  }

  close(): void {
    this.#next?.owned.close();
    this.#next = undefined;
  }
}
