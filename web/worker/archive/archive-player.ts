import type { Clock } from "../../../shared/lib/clock.ts";
import type { Micros } from "../../../shared/lib/time.ts";
import { FLAG, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { DecoderPool } from "../decode/decoder-pool.ts";
import type { OwnedFrame } from "../decode/frame-ledger.ts";
import type { DecodedPicture } from "../decode/stream-decoder.ts";
import type { KeyStore } from "../open/key-store.ts";
import type { StatedColour } from "../screen/colour.ts";
import type { PictureSource } from "../screen/screen.ts";
import { RateMeter } from "../state/rate-meter.ts";
import type { ArchiveConnection, EndMessage, ReadHandle, ReadRequest } from "./archive-connection.ts";
import {
  nextPicture,
  type PictureLimits,
  pictureLimits,
  previousPicture,
  wantedBackward,
  wantedForward,
} from "./decode-window.ts";
import { detachFrame } from "./detach-frame.ts";
import { Footage, type Lookup } from "./footage.ts";
import { type Gop, GopAssembler, type GopFrame, pictureAt } from "./gop.ts";
import { GopDecoder, type PictureRef } from "./gop-decoder.ts";
import { PictureShelf } from "./picture-shelf.ts";
import { PictureSlot } from "./picture-slot.ts";
import { type Aim, planRead } from "./read-plan.ts";

export interface ArchivePlayerDeps {
  readonly clock: Clock;
  readonly pool: DecoderPool;
  readonly keys: KeyStore;
  readonly connection: Pick<ArchiveConnection, "read">;
  /** The frame's payload in clear. */
  open(gop: Gop, frame: GopFrame): Uint8Array | "no-key" | "refused";
  /** The server's UTC, µs. */
  nowMicros(): number;
  /** Tiles that are played at once: they share the memory. */
  tiles(): number;
  /** Something came: the clock should look again. */
  onChange(): void;
  /** A picture waits to be drawn. */
  onPictureWaiting(): void;
  /** The tile's state is another one. */
  onConditionChange(): void;
}

/** What the tile's clock is told. */
export type PlayerCondition =
  /** The picture of the position is there. */
  | { readonly kind: "ready" }
  | { readonly kind: "waiting" }
  | {
      readonly kind: "gap";
      readonly earlierMicros: number | null | undefined;
      readonly laterMicros: number | null | undefined;
    }
  /** Nothing can be shown, and waiting does not help. */
  | { readonly kind: "failed" };

export interface PlayerWish {
  readonly positionMicros: number;
  readonly rate: number;
  /** Where standing leads next. */
  readonly forward: boolean;
  readonly scrub: boolean;
}

export type PlayerReason = "denied" | "key-revoked" | "no-footage" | "codec-unsupported" | "decode-failed" | "no-key";

type Mode = "whole" | "keys" | "scrub";

/** Faster than this, and backward faster than once, only keyframes are shown. */
const WHOLE_RATES = { forward: 4, backward: 1 } as const;
/** Keyframes shown per second at high speeds. */
const KEYFRAMES_PER_SECOND = 8;
/** Memory for sealed footage of all tiles together. */
const WALL_FOOTAGE_BYTES = 256 * 1024 * 1024;
const SCRUB_BYTES = 8 * 1024 * 1024;
/** Whether the recording has gone on is asked so often. */
const POLL_MS = 1000;
const FAILED_AGAIN_MS = 1000;
/** A denied camera is asked for again: permissions come back without the viewer being told. */
const DENIED_AGAIN_MS = 30_000;
const DAY_MICROS = 86_400_000_000;

interface Reading {
  readonly request: ReadRequest;
  readonly footage: Footage;
  readonly mode: Mode;
  readonly gops: Gop[];
  readonly assembler: GopAssembler;
  handle: ReadHandle | undefined;
}

/** One camera's archive on one clock: reads ahead of it, opens, decodes, and offers the picture of the clock's time. */
export class ArchivePlayer implements PictureSource {
  readonly cameraId: string;
  readonly pictureId: string;
  readonly playhead = new PictureSlot();
  readonly #deps: ArchivePlayerDeps;
  readonly #stores: Record<Mode, Footage> = { whole: new Footage(), keys: new Footage(), scrub: new Footage() };
  readonly #shelf = new PictureShelf();
  readonly #decoder: GopDecoder;
  readonly #unusable = new WeakMap<Gop, Set<number> | "all">();
  readonly #revoked: { readonly fromMicros: number; readonly toMicros: number }[] = [];
  readonly #decodedRate: RateMeter;
  readonly #drawnRate: RateMeter;
  readonly #bitRate: RateMeter;
  #role: "main" | "sub" | undefined;
  #wasDark = false;
  #wish: PlayerWish = { positionMicros: 0, rate: 0, forward: true, scrub: false };
  #mode: Mode = "whole";
  #apartMicros: number | undefined;
  #reading: Reading | undefined;
  #notBeforeMs = 0;
  #pollDueMs = 0;
  #deniedCode: string | undefined;
  #failure: string | undefined;
  #target: PictureRef | undefined;
  #lastScrub: Gop | undefined;
  #limits: PictureLimits = pictureLimits(640, 360, 1, false);
  #offered: PictureRef | undefined;
  #condition: PlayerCondition = { kind: "waiting" };
  #drawnMicros: number | undefined;
  #size = { width: 0, height: 0 };
  #dark = true;
  #closed = false;

  constructor(cameraId: string, pictureId: string, deps: ArchivePlayerDeps) {
    this.cameraId = cameraId;
    this.pictureId = pictureId;
    this.#deps = deps;
    this.#decodedRate = new RateMeter(deps.clock);
    this.#drawnRate = new RateMeter(deps.clock);
    this.#bitRate = new RateMeter(deps.clock);
    this.#decoder = new GopDecoder(
      { clock: deps.clock, pool: deps.pool, open: deps.open },
      {
        onPicture: (ref, owned, colour) => void this.#onPicture(ref, owned, colour),
        onMissing: (ref) => this.#markUnusable(ref.gop, ref.order),
        onBroken: (gop, detail) => {
          this.#failure = detail;
          this.#markUnusable(gop, undefined);
        },
      },
    );
  }

  get showable(): boolean {
    return !this.#closed && this.#deniedCode === undefined && this.#condition.kind !== "gap";
  }
  /** Whether there was a gap since the last picture. */
  get wasDark(): boolean {
    return this.#wasDark;
  }
  /** Whether its picture may be seen: not within a gap, and not before there was one after it. */
  get visible(): boolean {
    return !this.#dark;
  }
  get condition(): PlayerCondition {
    return this.#condition;
  }
  /** Capture time of the picture on the screen. */
  get drawnMicros(): number | undefined {
    return this.#dark ? undefined : this.#drawnMicros;
  }
  get decodedFps(): number {
    return this.#decodedRate.perSecond();
  }
  get drawnFps(): number {
    return this.#drawnRate.perSecond();
  }
  get kbps(): number {
    return this.#bitRate.perSecond() / 1000;
  }
  get codecString(): string | undefined {
    return this.#decoder.codecString;
  }
  get site(): "hardware" | "software" | undefined {
    const { site } = this.#decoder;
    return site === "unknown" ? undefined : site;
  }
  get role(): "main" | "sub" | undefined {
    return this.#target?.gop.source.role ?? this.#role;
  }
  get wantedRole(): "main" | "sub" | undefined {
    return this.#role;
  }
  get size(): { readonly width: number; readonly height: number } {
    return this.#size;
  }

  get reason(): { readonly reason: PlayerReason; readonly detail: string | undefined } | undefined {
    if (this.#deniedCode !== undefined) return { reason: "denied", detail: this.#deniedCode };
    if (this.#revokedAt(this.#wish.positionMicros)) return { reason: "key-revoked", detail: undefined };
    if (this.#condition.kind === "gap") return { reason: "no-footage", detail: undefined };
    if (this.#decoder.state === "unsupported")
      return { reason: "codec-unsupported", detail: this.#decoder.codecString };
    if (this.#condition.kind === "failed") return { reason: "decode-failed", detail: this.#failure };
    if (this.#condition.kind === "waiting" && this.#decoder.state === "no-key")
      return { reason: "no-key", detail: undefined };
    return undefined;
  }

  setRole(role: "main" | "sub"): void {
    if (role === this.#role) return;
    const first = this.#role === undefined;
    this.#role = role;
    if (first) return;
    for (const mode of ["whole", "keys"] as const) this.#stores[mode].clear();
    if (this.#reading?.mode !== "scrub") this.#cancelRead();
  }

  /** Shows what there is for the wish, and sees to it that the rest comes. Call at each tick of the clock. */
  update(wish: PlayerWish): PlayerCondition {
    if (this.#closed) return this.#condition;
    this.#wish = wish;
    this.#setMode(modeOf(wish), wish.rate);
    const footage = this.#stores[this.#mode];
    const { lookup, target } = this.#find(footage);
    this.#target = target;
    if (target) this.#decode(footage, target);
    const shown = target && this.#show(target);
    const before = this.#condition.kind;
    this.#condition = this.#conditionOf(lookup, target, shown === true);
    if (this.#condition.kind === "gap" && before !== "gap") this.#darken();
    if (this.#condition.kind !== before) this.#deps.onConditionChange();
    this.#read(footage);
    footage.evict(wish.positionMicros, wish.forward, this.#footageBytes());
    return this.#condition;
  }

  /** Time of the picture after or before the one at the position; undefined while it is being read, null for none. */
  neighbour(direction: 1 | -1): number | null | undefined {
    const { positionMicros } = this.#wish;
    const footage = this.#stores.whole;
    const lookup = footage.at(positionMicros);
    if (lookup.kind === "gap") return (direction > 0 ? lookup.laterMicros : lookup.earlierMicros) ?? null;
    if (lookup.kind === "unknown") return undefined;
    const { gop } = lookup;
    const here = { gop, order: pictureAt(gop, positionMicros) };
    const ref = direction > 0 ? nextPicture(footage, here) : previousPicture(footage, here);
    if (ref) return ref.gop.times[ref.order];
    const edge = direction > 0 ? footage.knownUntil(positionMicros) : footage.knownFrom(positionMicros);
    if (direction > 0 && footage.emptyAfterMicros !== undefined && (edge?.micros ?? 0) >= footage.emptyAfterMicros)
      return null;
    const beyond = edge && ("laterMicros" in edge ? edge.laterMicros : edge.earlierMicros);
    return beyond === null ? null : undefined;
  }

  keysAdded(): void {
    this.#deps.onChange();
  }

  /** About twice a second. */
  checkProgress(): void {
    this.#decoder.checkProgress();
  }

  shown(): void {
    this.#dark = false;
    this.#wasDark = false;
  }

  drawn(width: number, height: number, _latencyMs: number | undefined, captureTime: Micros): void {
    this.#size = { width, height };
    this.#drawnMicros = captureTime;
    this.#drawnRate.add();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelRead();
    this.#decoder.close();
    this.#shelf.clear();
    this.playhead.close();
    for (const store of Object.values(this.#stores)) store.clear();
  }

  #setMode(mode: Mode, rate: number): void {
    const apart =
      mode === "whole" ? undefined : mode === "scrub" ? 1 : Math.round((Math.abs(rate) * 1e6) / KEYFRAMES_PER_SECOND);
    if (mode === this.#mode && apart === this.#apartMicros) return;
    if (mode === "keys" && apart !== this.#apartMicros) this.#stores.keys.clear();
    if (this.#reading && (this.#reading.mode !== mode || mode === "keys")) this.#cancelRead();
    this.#mode = mode;
    this.#apartMicros = apart;
  }

  #find(footage: Footage): { readonly lookup: Lookup; readonly target: PictureRef | undefined } {
    const { positionMicros } = this.#wish;
    let lookup = footage.at(positionMicros);
    if (this.#mode === "scrub") {
      const whole = this.#stores.whole.at(positionMicros);
      if (whole.kind === "gop") lookup = whole;
      // The pointer moves on faster than pictures come: the newest one that came is shown.
      const gop = lookup.kind === "gop" ? lookup.gop : lookup.kind === "unknown" ? this.#lastScrub : undefined;
      return { lookup, target: gop && this.#usable(gop, gop.frames[0]?.order ?? 0) };
    }
    if (lookup.kind !== "gop") return { lookup, target: undefined };
    return { lookup, target: this.#usable(lookup.gop, pictureAt(lookup.gop, positionMicros)) };
  }

  /** The picture, or the nearest one before it that can be decoded. */
  #usable(gop: Gop, order: number): PictureRef | undefined {
    const unusable = this.#unusable.get(gop);
    if (unusable === "all") return undefined;
    let usable = order;
    while (usable > 0 && unusable?.has(usable)) usable--;
    return unusable?.has(usable) ? undefined : { gop, order: usable };
  }

  #decode(footage: Footage, target: PictureRef): void {
    const { source } = target.gop;
    const hardware = this.#decoder.site !== "software" && this.#decoder.site !== undefined;
    this.#limits = pictureLimits(source.width, source.height, this.#deps.tiles(), hardware);
    const { ahead, behind, window } = this.#limits;
    const { rate, forward } = this.#wish;
    const have = { has: (ref: PictureRef): boolean => this.#shelf.has(ref) || this.#isUnusable(ref) };
    const micros = target.gop.times[target.order] ?? 0;
    if (this.#mode === "scrub") {
      this.#shelf.prune(micros, 1, 1);
      this.#decoder.want(have.has(target) ? [] : [target]);
    } else if (forward) {
      this.#shelf.prune(micros, rate === 0 ? Math.max(behind, window) : behind, ahead + 16);
      this.#decoder.want(wantedForward(footage, target, rate === 0 ? Math.min(2, ahead) : ahead, have));
    } else if (this.#mode === "keys") {
      this.#shelf.prune(micros, ahead + 2, 2);
      this.#decoder.want(this.#keysBackward(footage, target, ahead, have));
    } else {
      this.#shelf.prune(micros, 2 * window, 2);
      this.#decoder.want(wantedBackward(footage, target, window, have));
    }
  }

  #keysBackward(
    footage: Footage,
    target: PictureRef,
    ahead: number,
    have: { has(ref: PictureRef): boolean },
  ): PictureRef[] {
    const wanted: PictureRef[] = [];
    let ref: PictureRef | undefined = target;
    for (let count = 0; ref && count <= ahead; count++) {
      if (!have.has(ref)) wanted.push(ref);
      ref = previousPicture(footage, ref);
    }
    return wanted;
  }

  #isUnusable({ gop, order }: PictureRef): boolean {
    const unusable = this.#unusable.get(gop);
    return unusable === "all" || unusable?.has(order) === true;
  }

  #markUnusable(gop: Gop, order: number | undefined): void {
    const before = this.#unusable.get(gop);
    if (order === undefined || before === "all") this.#unusable.set(gop, "all");
    else this.#unusable.set(gop, (before ?? new Set()).add(order));
    this.#deps.onChange();
  }

  /** True when the picture is on the screen or on its way there. */
  #show(target: PictureRef): boolean {
    if (this.#offered?.gop === target.gop && this.#offered.order === target.order) return true;
    const picture = this.#shelf.find(target);
    if (!picture) return false;
    const frame = this.#deps.pool.ledger.own(picture.owned.frame.clone());
    const header = target.gop.frames.find(({ order }) => order === target.order)?.sealed.header;
    const captureTime = header?.captureTime ?? (picture.micros as Micros);
    const shown: DecodedPicture = {
      owned: frame,
      pts: header?.pts ?? captureTime,
      captureTime,
      colour: picture.colour,
    };
    this.#offered = target;
    this.playhead.offer(shown);
    this.#deps.onPictureWaiting();
    return true;
  }

  #conditionOf(lookup: Lookup, target: PictureRef | undefined, shown: boolean): PlayerCondition {
    if (this.#deniedCode !== undefined) return { kind: "failed" };
    const { positionMicros } = this.#wish;
    const revoked = this.#revokedAt(positionMicros);
    if (revoked) return { kind: "gap", earlierMicros: revoked.fromMicros - 1, laterMicros: revoked.toMicros };
    if (lookup.kind === "gap") return lookup;
    if (lookup.kind === "unknown") return { kind: "waiting" };
    if (this.#decoder.state === "unsupported" || !target) return { kind: "failed" };
    return { kind: shown ? "ready" : "waiting" };
  }

  #darken(): void {
    this.#dark = true;
    this.#wasDark = true;
    this.#offered = undefined;
    this.playhead.close();
  }

  async #onPicture(ref: PictureRef, owned: OwnedFrame, colour: StatedColour | undefined): Promise<void> {
    this.#decodedRate.add();
    this.#failure = undefined;
    const unusable = this.#unusable.get(ref.gop);
    if (unusable !== "all") unusable?.delete(ref.order);
    let picture = owned;
    const copies = !this.#wish.forward || this.#wish.rate === 0;
    if (copies && this.#decoder.site !== "software") picture = await detachFrame(owned, this.#deps.pool.ledger);
    if (this.#closed) {
      picture.close();
      return;
    }
    this.#shelf.put({ ...ref, micros: ref.gop.times[ref.order] ?? 0, owned: picture, colour });
    this.#trim();
    this.#deps.onChange();
  }

  /** Pictures on the way to the one wanted come out first: they must not pile up. */
  #trim(): void {
    const target = this.#target;
    if (!target) return;
    const { ahead, behind, window } = this.#limits;
    const micros = target.gop.times[target.order] ?? 0;
    const standing = this.#wish.rate === 0;
    if (this.#wish.forward) this.#shelf.prune(micros, standing ? Math.max(behind, window) : behind, ahead + 16);
    else this.#shelf.prune(micros, 2 * window, 2);
  }

  #revokedAt(micros: number): { readonly fromMicros: number; readonly toMicros: number } | undefined {
    return this.#revoked.find(({ fromMicros, toMicros }) => fromMicros <= micros && micros < toMicros);
  }

  #footageBytes(): number {
    if (this.#mode === "scrub") return SCRUB_BYTES;
    return Math.max(8 * 1024 * 1024, WALL_FOOTAGE_BYTES / Math.max(1, this.#deps.tiles()));
  }

  #read(footage: Footage): void {
    const now = this.#deps.clock.monotonicMs();
    if (this.#reading || now < this.#notBeforeMs) return;
    const { positionMicros, rate, forward, scrub } = this.#wish;
    const aim: Aim = { positionMicros, rate, forward, keyframesApartMicros: this.#apartMicros, scrub };
    const revoked = this.#revokedAt(positionMicros);
    if (revoked && !this.#isKnown(footage, positionMicros)) footage.blank(revoked.fromMicros, revoked.toMicros);
    const poll = now >= this.#pollDueMs;
    const planned = planRead(footage, aim, { aheadBytes: this.#footageBytes() / 2 }, poll);
    if (!planned) return;
    if (poll) this.#pollDueMs = now + POLL_MS;
    // Small pictures are enough while the pointer moves.
    const role = this.#mode === "scrub" ? "sub" : (this.#role ?? "sub");
    const request: ReadRequest = { cameraId: this.cameraId, role, ...planned };
    const gops: Gop[] = [];
    const assembler = new GopAssembler((gop) => this.#onGop(reading, gop));
    const reading: Reading = { request, footage, mode: this.#mode, gops, assembler, handle: undefined };
    this.#reading = reading;
    reading.handle = this.#deps.connection.read(request, {
      onSource: (source) => assembler.source(source),
      onFrames: (frames) => this.#onFrames(reading, frames),
      onEnd: (end) => this.#onEnd(reading, end),
      onFailed: (code, denied) => this.#onFailed(reading, code, denied),
    });
  }

  #isKnown(footage: Footage, micros: number): boolean {
    return footage.at(micros).kind !== "unknown";
  }

  #onFrames(reading: Reading, frames: readonly SealedFrame[]): void {
    this.#bitRate.add(frames.reduce((sum, { bytes }) => sum + bytes.byteLength * 8, 0));
    reading.assembler.push(frames);
    // A GOP of keyframes only is whole as soon as it is there.
    if (reading.request.keyframesApartMicros !== undefined && frames.some(isKeyframe)) reading.assembler.finish();
  }

  #onGop(reading: Reading, gop: Gop): void {
    this.#deniedCode = undefined;
    reading.gops.push(gop);
    reading.footage.add(gop);
    if (reading.mode === "scrub") this.#lastScrub = gop;
    this.#deps.onChange();
  }

  #onEnd(reading: Reading, end: EndMessage): void {
    if (this.#reading !== reading) return;
    this.#reading = undefined;
    reading.assembler.finish();
    this.#deniedCode = undefined;
    reading.footage.learn(reading.request, reading.gops, end, this.#deps.nowMicros());
    this.#deps.onChange();
  }

  #onFailed(reading: Reading, code: string, denied: boolean): void {
    if (this.#reading !== reading) return;
    this.#reading = undefined;
    reading.assembler.finish();
    const now = this.#deps.clock.monotonicMs();
    if (code === "keys.revoked") this.#onRevoked(reading);
    else if (denied) {
      this.#deniedCode = code;
      this.#notBeforeMs = now + DENIED_AGAIN_MS;
      this.#forgetAll();
    } else this.#notBeforeMs = now + FAILED_AGAIN_MS;
    this.#deps.onChange();
  }

  /** Keys are destroyed for a camera's whole UTC day (SPEC W20, W21): nothing of the rest of that day can be opened. */
  #onRevoked({ request, footage, gops }: Reading): void {
    const last = gops.at(-1);
    const forward = request.direction === "forward";
    const from = last ? (forward ? last.lastMicros + 1 : last.startMicros - 1) : request.fromMicros;
    const day = Math.floor(from / DAY_MICROS) * DAY_MICROS;
    const range = forward
      ? { fromMicros: from, toMicros: day + DAY_MICROS }
      : { fromMicros: day, toMicros: Math.max(from, day + 1) };
    if (this.#revoked.length >= 64) this.#revoked.shift();
    this.#revoked.push(range);
    footage.blank(range.fromMicros, range.toMicros);
  }

  /** Permission was withdrawn: nothing of what is here may be seen any more. */
  #forgetAll(): void {
    this.#deps.keys.forgetCamera(this.cameraId);
    this.#decoder.rest();
    this.#shelf.clear();
    this.#darken();
    this.#target = undefined;
    this.#lastScrub = undefined;
    for (const store of Object.values(this.#stores)) store.clear();
  }

  #cancelRead(): void {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.handle?.cancel();
  }
}

function modeOf({ scrub, rate }: PlayerWish): Mode {
  if (scrub) return "scrub";
  return rate > WHOLE_RATES.forward || rate < -WHOLE_RATES.backward ? "keys" : "whole";
}

function isKeyframe({ header }: SealedFrame): boolean {
  return (header.flags & (FLAG.keyframe | FLAG.audio)) === FLAG.keyframe;
}
