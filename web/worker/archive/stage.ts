import type { Micros } from "../../../shared/lib/time.ts";
import type { FrameLedger, OwnedFrame } from "../decode/frame-ledger.ts";
import type { StatedColour } from "../screen/colour.ts";
import { detachFrame } from "./detach-frame.ts";
import type { PictureRef } from "./gop-decoder.ts";
import { PictureShelf } from "./picture-shelf.ts";
import { PictureSlot } from "./picture-slot.ts";

export interface StageDeps {
  readonly ledger: FrameLedger;
  /** A picture waits to be drawn. */
  onPictureWaiting(): void;
}

/** A tile's decoded pictures, and which of them is offered to the screen. */
export class Stage {
  readonly playhead = new PictureSlot();
  readonly #deps: StageDeps;
  readonly #shelf = new PictureShelf();
  /** Being copied out of the decoder. */
  readonly #arriving = new Set<PictureRef>();
  #offered: PictureRef | undefined;
  /** What was offered is not on the screen after all. */
  #again = false;
  #captureMicros: number | undefined;
  #closed = false;

  constructor(deps: StageDeps) {
    this.#deps = deps;
  }

  /** The picture that is on the screen, or on its way there. */
  get offered(): PictureRef | undefined {
    return this.#offered;
  }
  /** Its capture time, as its frame says. */
  get captureMicros(): number | undefined {
    return this.#captureMicros;
  }

  /** It is there, or about to be. */
  has(ref: PictureRef): boolean {
    if (this.#shelf.has(ref)) return true;
    for (const one of this.#arriving) if (one.gop === ref.gop && one.order === ref.order) return true;
    return false;
  }

  /** Takes ownership. `copies`: it will be kept for long, and a hardware decoder has few surfaces. */
  async put(ref: PictureRef, owned: OwnedFrame, colour: StatedColour | undefined, copies: boolean): Promise<void> {
    let picture = owned;
    if (copies) {
      this.#arriving.add(ref);
      picture = await detachFrame(owned, this.#deps.ledger);
      this.#arriving.delete(ref);
    }
    if (this.#closed) picture.close();
    else this.#shelf.put({ ...ref, micros: timeOf(ref), owned: picture, colour });
  }

  /** Keeps the picture of that time and so many on each side of it. */
  prune(micros: number, before: number, after: number): void {
    this.#shelf.prune(micros, before, after);
  }

  /** True when the picture is on the screen or on its way there. */
  show(target: PictureRef): boolean {
    const offered = this.#offered;
    if (offered?.gop === target.gop && offered.order === target.order && !this.#again) return true;
    const picture = this.#shelf.find(target);
    if (!picture) return false;
    const header = target.gop.frames.find(({ order }) => order === target.order)?.sealed.header;
    const captureTime = header?.captureTime ?? (picture.micros as Micros);
    this.#offered = target;
    this.#again = false;
    this.#captureMicros = captureTime;
    this.playhead.offer({
      owned: this.#deps.ledger.own(picture.owned.frame.clone()),
      pts: header?.pts ?? captureTime,
      captureTime,
      colour: picture.colour,
    });
    this.#deps.onPictureWaiting();
    return true;
  }

  /** Shows the newest picture up to a time that is newer than what is shown: for a tile that is late. */
  showNewest(micros: number): void {
    const newest = this.#shelf.newest(micros);
    if (newest && this.#offered && newest.micros > timeOf(this.#offered)) {
      this.show({ gop: newest.gop, order: newest.order });
    }
  }

  /** What was offered did not reach the screen, or is there no more. */
  offerAgain(): void {
    this.#again = true;
  }

  /** Nothing is on the screen, nor on its way there. */
  darken(): void {
    this.#offered = undefined;
    this.playhead.close();
  }

  clear(): void {
    this.#shelf.clear();
    this.darken();
  }

  close(): void {
    this.#closed = true;
    this.#shelf.clear();
    this.playhead.close();
  }
}

export function timeOf({ gop, order }: PictureRef): number {
  return gop.times[order] ?? 0;
}
