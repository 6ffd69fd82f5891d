import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { describeError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";
import { FLAG } from "../../../shared/wire/sealed-frame.ts";
import type { DecoderLike } from "../decode/backend.ts";
import type { DecoderChoice, DecoderSite } from "../decode/codec-support.ts";
import type { DecoderPool } from "../decode/decoder-pool.ts";
import type { OwnedFrame } from "../decode/frame-ledger.ts";
import { keyframeFacts } from "../decode/keyframe-facts.ts";
import type { StatedColour } from "../screen/colour.ts";
import { decodeIndexOf, type Gop, type GopFrame } from "./gop.ts";

/** One picture of the archive, by its place in the order of showing. */
export interface PictureRef {
  readonly gop: Gop;
  readonly order: number;
}

export interface GopDecoderDeps {
  readonly clock: Clock;
  readonly pool: DecoderPool;
  /** The frame's payload in clear. */
  open(gop: Gop, frame: GopFrame): Uint8Array | "no-key" | "refused";
}

export interface GopDecoderEvents {
  /** Takes ownership. Also pictures that nobody wanted, on the way to those that were. */
  onPicture(ref: PictureRef, owned: OwnedFrame, colour: StatedColour | undefined): void;
  /** The decoder swallowed it. */
  onMissing(ref: PictureRef): void;
  /** Nothing more can be had of this GOP. */
  onBroken(gop: Gop, detail: string): void;
}

export type GopDecoderState = "idle" | "working" | "no-key" | "unsupported";

interface Pending extends PictureRef {
  readonly colour: StatedColour | undefined;
  /** Told already; it is taken all the same should it come. */
  missing?: boolean;
}

/** Some decoders put pictures out of order by a few until they have seen the stream's reordering. */
const OVERTAKEN = 4;
/** Units that wait within the decoder: enough to keep it busy, few enough to change one's mind. */
const QUEUE = 3;
/** No picture for this long after the last unit: the decoder waits for more, or to be told that there is no more. */
const NUDGE_MS = millis(15);
/** H.264 and H.265 reorder at most 16 pictures. */
const MAX_DEPTH = 16;
const SILENT_HARDWARE_MS = 2000;
const SILENT_SOFTWARE_MS = 5000;
const FAILURES_OF_A_GOP = 2;

/**
 * Decodes the pictures that are wanted, whichever they are: goes on from where it stands, or begins anew at the
 * keyframe. A decoder that keeps pictures back is fed further, and flushed at the end of a GOP.
 */
export class GopDecoder {
  readonly #deps: GopDecoderDeps;
  readonly #events: GopDecoderEvents;
  readonly #failures = new WeakMap<Gop, number>();
  #decoder: DecoderLike | undefined;
  #choice: DecoderChoice | undefined;
  #holdsHardware = false;
  #softwareOnly = false;
  #format: string | undefined;
  #codecString: string | undefined;
  #colour: StatedColour | undefined;
  /** Where the next unit comes from. */
  #cursor: { readonly gop: Gop; next: number } | undefined;
  readonly #pending = new Map<number, Pending>();
  #wanted: readonly PictureRef[] = [];
  #busy: "choosing" | "flushing" | undefined;
  #state: GopDecoderState = "idle";
  /** Pictures that this decoder is known to keep back. */
  #depth = 0;
  #nudge: Timer | undefined;
  #lastProgressMs = 0;
  #epoch = 0;
  #closed = false;
  #pumping = false;

  constructor(deps: GopDecoderDeps, events: GopDecoderEvents) {
    this.#deps = deps;
    this.#events = events;
  }

  get state(): GopDecoderState {
    return this.#state;
  }
  get site(): DecoderSite | undefined {
    return this.#choice?.site;
  }
  get codecString(): string | undefined {
    return this.#codecString;
  }

  /** What is to be decoded next, in the order of showing, without what is there already. Replaces what was wanted. */
  want(wanted: readonly PictureRef[]): void {
    this.#wanted = wanted;
    this.#pump();
  }

  /** To be called about twice a second: a decoder that takes units and outputs nothing is replaced. */
  checkProgress(): void {
    if (this.#pending.size === 0 || this.#busy === "choosing") return;
    const silentMs = this.#deps.clock.monotonicMs() - this.#lastProgressMs;
    if (silentMs < (this.site === "software" ? SILENT_SOFTWARE_MS : SILENT_HARDWARE_MS)) return;
    if (this.#holdsHardware) this.#deps.pool.budget.lower();
    this.#fail("the decoder takes frames and outputs none");
  }

  /** Gives the decoder back until something is wanted again. */
  rest(): void {
    this.#wanted = [];
    this.#drop();
    this.#state = "idle";
  }

  close(): void {
    this.#closed = true;
    this.rest();
  }

  #pump(): void {
    if (this.#closed || this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#busy === undefined && this.#step()) {
        // One unit each.
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** Feeds one unit; false when there is nothing to do now. */
  #step(): boolean {
    const last = this.#wanted.at(-1);
    if (!last) {
      if (this.#state !== "unsupported") this.#state = "idle";
      return false;
    }
    if ((this.#decoder?.decodeQueueSize ?? 0) >= QUEUE) return false;
    const first = this.#wanted.find((ref) => !this.#isPending(ref));
    if (first) return this.#goTo(first) && this.#feed();
    const cursor = this.#cursor;
    const beyond = cursor?.gop === last.gop ? cursor.next - 1 - decodeIndexOf(last.gop, last.order) : MAX_DEPTH;
    if (cursor && beyond < this.#depth && cursor.next < cursor.gop.frames.length) return this.#feed();
    this.#nudge ??= this.#deps.clock.after(NUDGE_MS, () => this.#push());
    return false;
  }

  /** Everything wanted was fed, and does not come out. */
  #push(): void {
    this.#nudge = undefined;
    if (this.#closed || this.#busy !== undefined || !this.#wanted.some((ref) => this.#isPending(ref))) return;
    if ((this.#decoder?.decodeQueueSize ?? 0) > 0) {
      this.#nudge = this.#deps.clock.after(NUDGE_MS, () => this.#push());
      return;
    }
    const cursor = this.#cursor;
    if (cursor && cursor.next < cursor.gop.frames.length && this.#depth < MAX_DEPTH) {
      this.#depth++;
      this.#pump();
    } else void this.#flush();
  }

  #isPending({ gop, order }: PictureRef): boolean {
    const pending = this.#pending.get(gop.times[order] ?? -1);
    return pending?.gop === gop;
  }

  /** Brings the cursor to where the picture will come out by feeding on. False: not now. */
  #goTo(ref: PictureRef): boolean {
    const cursor = this.#cursor;
    if (cursor?.gop === ref.gop && decodeIndexOf(ref.gop, ref.order) >= cursor.next) return true;
    const format = formatOf(ref.gop);
    const goesOn = cursor !== undefined && cursor.next >= cursor.gop.frames.length && cursor.gop !== ref.gop;
    if (goesOn && format === this.#format && ref.gop.frames[0]?.codecChange !== true) {
      this.#cursor = { gop: ref.gop, next: 0 };
      return true;
    }
    if (goesOn && this.#pending.size > 0) {
      void this.#flush();
      return false;
    }
    return this.#restart(ref.gop, format);
  }

  #restart(gop: Gop, format: string): boolean {
    const first = gop.frames[0];
    const payload = first && this.#payload(gop, first);
    if (!payload) return false;
    const facts = keyframeFacts(gop.codec, payload);
    const codecString = facts.codecString ?? gop.source.codecString;
    if (this.#choice && codecString === this.#codecString && this.#decoder?.state !== "closed") {
      this.#configure(gop, format);
      return this.#decoder !== undefined;
    }
    if (this.#state === "unsupported" && codecString === this.#codecString) return false;
    this.#drop();
    this.#codecString = codecString;
    void this.#choose(codecString);
    return false;
  }

  async #choose(codecString: string): Promise<void> {
    this.#busy = "choosing";
    const epoch = this.#epoch;
    const choices = await this.#deps.pool.support.choices(codecString);
    if (this.#closed || epoch !== this.#epoch) return;
    this.#busy = undefined;
    this.#choice = choices.find(({ site }) => this.#mayUse(site)) ?? choices[0];
    if (this.#choice) this.#pump();
    else this.#state = "unsupported";
  }

  #mayUse(site: DecoderSite): boolean {
    if (site !== "hardware") return true;
    if (this.#softwareOnly || !this.#deps.pool.budget.take()) return false;
    this.#holdsHardware = true;
    return true;
  }

  #configure(gop: Gop, format: string): void {
    const choice = this.#choice;
    if (!choice) return;
    this.#forgetPending();
    try {
      if (this.#decoder) this.#decoder.reset();
      else this.#decoder = this.#createDecoder();
      this.#decoder.configure(choice.config);
    } catch (error) {
      this.#fail(describeError(error));
      return;
    }
    this.#format = format;
    this.#cursor = { gop, next: 0 };
    this.#lastProgressMs = this.#deps.clock.monotonicMs();
  }

  #createDecoder(): DecoderLike {
    const created: DecoderLike = this.#deps.pool.backend.createDecoder({
      output: (frame) => this.#onFrame(created, frame),
      error: (error) => {
        if (this.#decoder === created) this.#fail(describeError(error));
      },
      dequeued: () => {
        if (this.#decoder === created) this.#pump();
      },
    });
    return created;
  }

  /** True when a unit was fed or left out, so that the next one may follow. */
  #feed(): boolean {
    const cursor = this.#cursor;
    const frame = cursor?.gop.frames[cursor.next];
    if (!cursor || !frame || !this.#decoder) return false;
    const ref = { gop: cursor.gop, order: frame.order };
    if ((frame.sealed.header.flags & FLAG.disposable) !== 0 && this.#isPassedOver(ref)) {
      cursor.next++;
      return true;
    }
    const payload = this.#payload(cursor.gop, frame);
    if (!payload) return false;
    if (frame.keyframe) this.#colour = keyframeFacts(cursor.gop.codec, payload).colour;
    const timestamp = cursor.gop.times[frame.order] ?? 0;
    if (this.#pending.size === 0) this.#lastProgressMs = this.#deps.clock.monotonicMs();
    this.#pending.set(timestamp, { ...ref, colour: this.#colour });
    this.#state = "working";
    try {
      this.#decoder.decode(
        this.#deps.pool.backend.createChunk({
          type: frame.keyframe ? "key" : "delta",
          timestamp,
          data: payload as BufferSource,
        }),
      );
    } catch (error) {
      this.#fail(describeError(error));
      return false;
    }
    cursor.next++;
    return true;
  }

  /** On the way to a later picture, and no other one needs it. */
  #isPassedOver({ gop, order }: PictureRef): boolean {
    const first = this.#wanted.find((wanted) => wanted.gop === gop);
    return first !== undefined && order < first.order;
  }

  #payload(gop: Gop, frame: GopFrame): Uint8Array | undefined {
    const payload = frame.payload ?? this.#deps.open(gop, frame);
    if (payload === "no-key") {
      this.#state = "no-key";
      return undefined;
    }
    if (payload === "refused") {
      // Fails closed: not a byte of it is used, and what follows cannot be decoded without it.
      this.#cursor = undefined;
      this.#events.onBroken(gop, "a frame does not authenticate");
      return undefined;
    }
    return payload;
  }

  #onFrame(source: DecoderLike, frame: VideoFrame): void {
    const owned = this.#deps.pool.ledger.own(frame);
    const pending = this.#pending.get(frame.timestamp);
    if (this.#closed || source !== this.#decoder || !pending) {
      owned.close();
      return;
    }
    this.#pending.delete(frame.timestamp);
    // No more than what is still within can have been kept back; at a flush everything comes out.
    if (this.#busy === undefined) this.#depth = Math.min(this.#depth, this.#pending.size);
    this.#lastProgressMs = this.#deps.clock.monotonicMs();
    this.#nudge?.cancel();
    this.#nudge = undefined;
    const { gop, order } = pending;
    this.#wanted = this.#wanted.filter((ref) => ref.gop !== gop || ref.order !== order);
    this.#events.onPicture({ gop, order }, owned, pending.colour);
    this.#noteSwallowed(pending);
    this.#pump();
  }

  /** Pictures come out in the order of showing: one that was overtaken by so many was lost on the way. */
  #noteSwallowed({ gop, order }: PictureRef): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.gop !== gop || pending.order >= order - OVERTAKEN || pending.missing) continue;
      pending.missing = true;
      this.#depth = 0;
      this.#events.onMissing({ gop, order: pending.order });
    }
  }

  async #flush(): Promise<void> {
    const decoder = this.#decoder;
    if (!decoder || this.#busy) return;
    this.#busy = "flushing";
    const epoch = this.#epoch;
    try {
      await decoder.flush();
    } catch {
      // Reset or failed meanwhile: told elsewhere.
    }
    if (this.#closed || epoch !== this.#epoch) return;
    this.#busy = undefined;
    // After a flush only a keyframe may follow.
    this.#cursor = undefined;
    const swallowed = [...this.#pending.values()];
    this.#forgetPending();
    if (swallowed.length > 0) this.#depth = 0;
    for (const ref of swallowed) this.#events.onMissing(ref);
    this.#pump();
  }

  #forgetPending(): void {
    this.#pending.clear();
    this.#nudge?.cancel();
    this.#nudge = undefined;
  }

  #fail(detail: string): void {
    if (this.#closed) return;
    const gop = this.#cursor?.gop ?? this.#wanted[0]?.gop;
    // A codec that hardware could not manage may still be decodable in software.
    if (this.#choice && this.#choice.site !== "software") this.#softwareOnly = true;
    this.#drop();
    this.#codecString = undefined;
    if (!gop) return;
    const failures = (this.#failures.get(gop) ?? 0) + 1;
    this.#failures.set(gop, failures);
    if (failures >= FAILURES_OF_A_GOP) this.#events.onBroken(gop, detail);
    else this.#deps.clock.after(NUDGE_MS, () => this.#pump());
  }

  #drop(): void {
    this.#epoch++;
    this.#busy = undefined;
    this.#cursor = undefined;
    this.#format = undefined;
    this.#choice = undefined;
    this.#forgetPending();
    const decoder = this.#decoder;
    this.#decoder = undefined;
    if (this.#holdsHardware) this.#deps.pool.budget.giveBack();
    this.#holdsHardware = false;
    if (decoder && decoder.state !== "closed") decoder.close();
  }
}

function formatOf({ codec, source: { streamId, width, height } }: Gop): string {
  return `${codec}/${streamId}/${width}x${height}`;
}
