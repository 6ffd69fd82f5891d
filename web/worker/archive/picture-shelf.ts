import type { OwnedFrame } from "../decode/frame-ledger.ts";
import type { StatedColour } from "../screen/colour.ts";
import type { PictureRef } from "./gop-decoder.ts";

export interface ShelvedPicture extends PictureRef {
  readonly micros: number;
  readonly owned: OwnedFrame;
  readonly colour: StatedColour | undefined;
}

/** Decoded pictures of one tile, in the order of showing. Owns them. */
export class PictureShelf {
  #pictures: ShelvedPicture[] = [];

  /** Takes ownership; of one that is there already, the newcomer is closed. */
  put(picture: ShelvedPicture): void {
    if (this.find(picture)) {
      picture.owned.close();
      return;
    }
    const index = this.#pictures.findIndex(({ micros }) => micros > picture.micros);
    this.#pictures.splice(index < 0 ? this.#pictures.length : index, 0, picture);
  }

  find({ gop, order }: PictureRef): ShelvedPicture | undefined {
    return this.#pictures.find((one) => one.gop === gop && one.order === order);
  }

  has(ref: PictureRef): boolean {
    return this.find(ref) !== undefined;
  }

  /** The last one at or before a time. */
  newest(micros: number): ShelvedPicture | undefined {
    return this.#pictures.findLast((picture) => picture.micros <= micros);
  }

  /** Keeps the picture of that time and so many on each side of it. */
  prune(micros: number, before: number, after: number): void {
    const next = this.#pictures.findIndex((picture) => picture.micros > micros);
    const current = (next < 0 ? this.#pictures.length : next) - 1;
    const from = Math.max(0, current - before);
    const to = Math.max(0, current + 1 + after);
    const kept = this.#pictures.slice(from, to);
    for (const picture of this.#pictures.slice(0, from)) picture.owned.close();
    for (const picture of this.#pictures.slice(to)) picture.owned.close();
    this.#pictures = kept;
  }

  clear(): void {
    for (const { owned } of this.#pictures) owned.close();
    this.#pictures = [];
  }
}
