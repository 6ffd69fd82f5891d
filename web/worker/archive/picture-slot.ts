import type { DecodedPicture } from "../decode/stream-decoder.ts";

/** Holds the picture that is to be drawn next until the screen takes it. Unlike live, time may run backward. */
export class PictureSlot {
  #next: DecodedPicture | undefined;

  /** Takes ownership; one that waits still is closed. */
  offer(picture: DecodedPicture): void {
    this.#next?.owned.close();
    this.#next = picture;
  }

  /** Gives the picture and its ownership to the caller. */
  take(): DecodedPicture | undefined {
    const picture = this.#next;
    this.#next = undefined;
    return picture;
  }

  close(): void {
    this.#next?.owned.close();
    this.#next = undefined;
  }
}
