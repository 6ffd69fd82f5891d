import type { Clock } from "../../../shared/lib/clock.ts";
import type { Micros } from "../../../shared/lib/time.ts";
import type { DecoderPool } from "../decode/decoder-pool.ts";
import type { KeyStore } from "../open/key-store.ts";
import type { PictureSource } from "../screen/screen.ts";
import { RateMeter } from "../state/rate-meter.ts";
import { ArchiveReader, type ArchiveReaderDeps } from "./archive-reader.ts";
import {
  nextPicture,
  type PictureLimits,
  pictureLimits,
  previousPicture,
  wantedBackward,
  wantedForward,
  wantedKeysBackward,
} from "./decode-window.ts";
import type { Footage, Lookup } from "./footage.ts";
import { type Gop, type GopFrame, pictureAt } from "./gop.ts";
import { GopDecoder, type PictureRef } from "./gop-decoder.ts";
import type { PlayerCondition, PlayerReason, PlayerWish } from "./player-condition.ts";
import { Punctuality } from "./punctuality.ts";
import { keyframesApartMicros, modeOf } from "./read-mode.ts";
import { type SeekStage, SeekTrace } from "./seek-trace.ts";
import { Stage, timeOf } from "./stage.ts";

export interface ArchivePlayerDeps {
  readonly clock: Clock;
  readonly pool: DecoderPool;
  readonly keys: KeyStore;
  readonly connection: ArchiveReaderDeps["connection"];
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

/** Memory for sealed footage of all tiles together. */
const WALL_FOOTAGE_BYTES = 256 * 1024 * 1024;
const LEAST_FOOTAGE_BYTES = 8 * 1024 * 1024;

/** One camera's archive on one clock: reads ahead of it, opens, decodes, and offers the picture of the clock's time. */
export class ArchivePlayer implements PictureSource {
  readonly cameraId: string;
  readonly pictureId: string;
  readonly #deps: ArchivePlayerDeps;
  readonly #reader: ArchiveReader;
  readonly #stage: Stage;
  readonly #punctuality = new Punctuality();
  readonly #decoder: GopDecoder;
  readonly #unusable = new WeakMap<Gop, Set<number> | "all">();
  readonly #decodedRate: RateMeter;
  readonly #drawnRate: RateMeter;
  readonly #bitRate: RateMeter;
  readonly #trace: SeekTrace;
  #wasDark = false;
  #wish: PlayerWish = { positionMicros: 0, rate: 0, forward: true, scrub: false };
  #failure: string | undefined;
  #target: PictureRef | undefined;
  #limits: PictureLimits = pictureLimits(640, 360, 1, false);
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
    this.#trace = new SeekTrace(deps.clock);
    this.#stage = new Stage({ ledger: deps.pool.ledger, onPictureWaiting: deps.onPictureWaiting });
    this.#reader = new ArchiveReader(cameraId, {
      clock: deps.clock,
      connection: deps.connection,
      nowMicros: deps.nowMicros,
      maxBytes: () => Math.max(LEAST_FOOTAGE_BYTES, WALL_FOOTAGE_BYTES / Math.max(1, deps.tiles())),
      onBits: (bits) => this.#bitRate.add(bits),
      onStage: (stage) => this.#trace.note(stage),
      onChange: deps.onChange,
      onDenied: () => this.#forgetAll(),
    });
    this.#decoder = new GopDecoder(
      { clock: deps.clock, pool: deps.pool, open: deps.open },
      {
        onPicture: (ref, owned, colour) => {
          const copies = !this.#wish.forward || this.#wish.rate === 0;
          const kept = this.#stage.put(ref, owned, colour, copies && this.#decoder.site !== "software");
          void kept.then(() => this.#onPicture(ref));
        },
        onMissing: (ref) => this.#markUnusable(ref.gop, ref.order),
        onBroken: (gop, detail) => {
          this.#failure = detail;
          this.#markUnusable(gop, undefined);
        },
      },
    );
  }

  get playhead(): Stage["playhead"] {
    return this.#stage.playhead;
  }
  get showable(): boolean {
    return !this.#closed && this.#reader.deniedCode === undefined && this.#condition.kind !== "gap";
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
  /** How long the stages of the last seek took, ms. */
  get seekStages(): Readonly<Partial<Record<SeekStage, number>>> {
    return this.#trace.stages;
  }
  get codecString(): string | undefined {
    return this.#decoder.codecString;
  }
  get site(): "hardware" | "software" | undefined {
    const { site } = this.#decoder;
    return site === "unknown" ? undefined : site;
  }
  get role(): "main" | "sub" | undefined {
    return this.#target?.gop.source.role ?? this.#reader.role;
  }
  get wantedRole(): "main" | "sub" | undefined {
    return this.#reader.role;
  }
  get size(): { readonly width: number; readonly height: number } {
    return this.#size;
  }

  get reason(): { readonly reason: PlayerReason; readonly detail: string | undefined } | undefined {
    if (this.#reader.deniedCode !== undefined) return { reason: "denied", detail: this.#reader.deniedCode };
    if (this.#reader.revokedAt(this.#wish.positionMicros)) return { reason: "key-revoked", detail: undefined };
    if (this.#condition.kind === "gap") return { reason: "no-footage", detail: undefined };
    if (this.#decoder.state === "unsupported")
      return { reason: "codec-unsupported", detail: this.#decoder.codecString };
    if (this.#condition.kind === "failed") return { reason: "decode-failed", detail: this.#failure };
    if (this.#condition.kind === "waiting" && this.#decoder.state === "no-key")
      return { reason: "no-key", detail: undefined };
    return undefined;
  }

  setRole(role: "main" | "sub"): void {
    this.#reader.setRole(role);
  }

  /** The right to the camera ended. */
  withdraw(code: string): void {
    this.#reader.withdraw(code);
  }

  /** The clock is set to another time. */
  seek(micros: number): void {
    this.#trace.begin();
    this.#punctuality.reset();
    this.#reader.seek(micros);
  }

  /** Shows what there is for the wish, and sees to it that the rest comes. Call at each tick of the clock. */
  update(wish: PlayerWish): PlayerCondition {
    if (this.#closed) return this.#condition;
    if (wish.rate > 0 !== this.#wish.rate > 0) this.#punctuality.reset();
    const now = this.#deps.clock.monotonicMs();
    this.#wish = wish;
    const mode = modeOf(wish.scrub, wish.rate, this.#punctuality.keysOnly(now));
    this.#reader.setMode(mode, keyframesApartMicros(mode, wish.rate));
    const { footage } = this.#reader;
    const { lookup, target } = this.#find(footage);
    this.#target = target;
    const shown = target !== undefined && this.#show(footage, target);
    const aim = target && this.#punctuality.aim(footage, target);
    if (target) this.#decode(footage, target, aim);
    const before = this.#condition.kind;
    this.#condition = this.#conditionOf(lookup, target, shown);
    if (this.#condition.kind === "gap" && before !== "gap") this.#darken();
    if (this.#condition.kind !== before) this.#deps.onConditionChange();
    this.#reader.read(wish);
    return this.#condition;
  }

  /** Time of the picture after or before the one at the position; undefined while it is being read, null for none. */
  neighbour(direction: 1 | -1): number | null | undefined {
    // Nothing will come that would be worth waiting for.
    if (this.#closed || this.#reader.deniedCode !== undefined) return null;
    const { positionMicros } = this.#wish;
    const footage = this.#reader.whole;
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

  /** The screen has its picture no more: it is offered again at the next tick. */
  lost(): void {
    this.#stage.offerAgain();
  }

  drawn(width: number, height: number, _latencyMs: number | undefined, captureTime: Micros): void {
    this.#size = { width, height };
    this.#drawnMicros = captureTime;
    if (captureTime === this.#stage.captureMicros) this.#trace.note("drawn");
    this.#drawnRate.add();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close();
    this.#decoder.close();
    this.#stage.close();
  }

  #find(footage: Footage): { readonly lookup: Lookup; readonly target: PictureRef | undefined } {
    const { positionMicros } = this.#wish;
    let lookup = footage.at(positionMicros);
    if (this.#reader.mode === "scrub") {
      const whole = this.#reader.whole.at(positionMicros);
      if (whole.kind === "gop") lookup = whole;
      // The pointer moves on faster than pictures come: the newest one that came is shown.
      const gop = lookup.kind === "gop" ? lookup.gop : lookup.kind === "unknown" ? this.#reader.newestScrub : undefined;
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

  /** `aim`: the first picture to be decoded for; undefined: none. */
  #decode(footage: Footage, target: PictureRef, aim: PictureRef | undefined): void {
    const { source } = target.gop;
    const hardware = this.#decoder.site !== "software" && this.#decoder.site !== undefined;
    this.#limits = pictureLimits(source.width, source.height, this.#deps.tiles(), hardware);
    const { ahead, window } = this.#limits;
    const { rate, forward } = this.#wish;
    const have = { has: (ref: PictureRef): boolean => this.#stage.has(ref) || this.#isUnusable(ref) };
    this.#trim();
    if (this.#reader.mode === "scrub") this.#decoder.want(have.has(target) ? [] : [target]);
    else if (!aim) this.#decoder.want([]);
    else if (forward) this.#decoder.want(wantedForward(footage, aim, rate === 0 ? Math.min(2, ahead) : ahead, have));
    else if (this.#reader.mode === "keys") this.#decoder.want(wantedKeysBackward(footage, aim, ahead, have));
    else this.#decoder.want(wantedBackward(footage, aim, window, have));
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

  /** True when the clock need not wait: the picture is shown, or the tile is late and shows what it has. */
  #show(footage: Footage, target: PictureRef): boolean {
    const { positionMicros, rate, scrub } = this.#wish;
    if (this.#stage.show(target)) {
      this.#punctuality.shownInTime();
      return true;
    }
    if (scrub || rate === 0) return false;
    if (rate < 0) {
      this.#punctuality.waitsBackward(this.#deps.clock.monotonicMs());
      return false;
    }
    if (!this.#punctuality.late(footage, target, this.#stage.offered, this.#wish)) return false;
    this.#stage.showNewest(positionMicros);
    return true;
  }

  #conditionOf(lookup: Lookup, target: PictureRef | undefined, shown: boolean): PlayerCondition {
    if (this.#reader.deniedCode !== undefined) return { kind: "failed" };
    const { positionMicros } = this.#wish;
    const revoked = this.#reader.revokedAt(positionMicros);
    if (revoked) return { kind: "gap", earlierMicros: revoked.fromMicros - 1, laterMicros: revoked.toMicros };
    if (lookup.kind === "gap") return lookup;
    if (lookup.kind === "unknown") return { kind: "waiting" };
    if (this.#decoder.state === "unsupported" || !target) return { kind: "failed" };
    return { kind: shown ? "ready" : "waiting" };
  }

  #darken(): void {
    this.#dark = true;
    this.#wasDark = true;
    this.#stage.darken();
  }

  #onPicture(ref: PictureRef): void {
    if (this.#closed) return;
    this.#decodedRate.add();
    if (ref.gop === this.#target?.gop && ref.order === this.#target.order) this.#trace.note("decoded");
    this.#failure = undefined;
    const unusable = this.#unusable.get(ref.gop);
    if (unusable !== "all") unusable?.delete(ref.order);
    this.#trim();
    this.#deps.onChange();
  }

  /** Pictures on the way to the one wanted come out first: they must not pile up. */
  #trim(): void {
    const target = this.#target;
    if (!target) return;
    const { ahead, behind, window } = this.#limits;
    const { rate, forward } = this.#wish;
    const { mode } = this.#reader;
    const micros = timeOf(target);
    if (mode === "scrub") this.#stage.prune(micros, 1, 1);
    else if (forward) this.#stage.prune(micros, rate === 0 ? Math.max(behind, window) : behind, ahead + 16);
    else if (mode === "keys") this.#stage.prune(micros, ahead + 2, 2);
    else this.#stage.prune(micros, 2 * window, 2);
  }

  /** Permission was withdrawn: nothing of what is here may be seen any more. */
  #forgetAll(): void {
    this.#deps.keys.forgetCamera(this.cameraId);
    this.#decoder.rest();
    this.#stage.clear();
    this.#darken();
    this.#target = undefined;
  }
}
