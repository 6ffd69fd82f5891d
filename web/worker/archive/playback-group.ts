import type { Clock } from "../../../shared/lib/clock.ts";
import { ArchiveClock, type Loop } from "./archive-clock.ts";
import type { ArchivePlayer } from "./archive-player.ts";

export interface PlaybackGroupDeps {
  readonly clock: Clock;
  /** The server's UTC, µs. */
  nowMicros(): number;
  /** The clock was set, started or stopped: the page is told at once. */
  onChange(): void;
  /** The clock runs: `tick` is to be called at every animation frame. */
  onRunning(): void;
  /** The line to the archive is gone: no picture can come. */
  lineLost(): boolean;
}

/** A picture that does not come may hold up the others for so long. */
const PATIENCE_MS = 8000;
/** Shorter waits are not told. */
const BUFFERING_MS = 150;
/** Steps that wait for pictures: a key that is held down is not owed more. */
const MOST_STEPS = 25;
/** Where footage ends so shortly before now, it is being recorded: more will come. */
const GROWING_MICROS = 15_000_000;

/** Players on one clock: it waits for their pictures, and leaps over what none of them has. */
export class PlaybackGroup {
  readonly clock: ArchiveClock;
  readonly #deps: PlaybackGroupDeps;
  readonly #waitingSince = new Map<ArchivePlayer, number>();
  #players: readonly ArchivePlayer[] = [];
  #scrub = false;
  #forward = true;
  #active = true;
  #bufferingSinceMs: number | undefined;
  #steps: { readonly player: ArchivePlayer; readonly direction: 1 | -1 }[] = [];
  /** Since when the first of the steps waits for its picture. */
  #steppingSinceMs: number | undefined;
  #dirty: Set<ArchivePlayer> | undefined;
  #loopWasEmpty = false;
  /** Stopped at the end, and on the way to the last picture. */
  #ended = false;
  #closed = false;

  constructor(deps: PlaybackGroupDeps, positionMicros: number) {
    this.#deps = deps;
    this.clock = new ArchiveClock(deps.clock, positionMicros);
  }

  get players(): readonly ArchivePlayer[] {
    return this.#players;
  }
  get buffering(): boolean {
    const since = this.#steppingSinceMs ?? this.#bufferingSinceMs;
    return since !== undefined && this.#deps.clock.monotonicMs() - since >= BUFFERING_MS;
  }
  /** Whether anything moves or is to move: the page is told ten times a second. */
  get busy(): boolean {
    return this.#active && (this.clock.rate !== 0 || (this.#steppingSinceMs ?? this.#bufferingSinceMs) !== undefined);
  }

  setPlayers(players: readonly ArchivePlayer[]): void {
    this.#players = players;
    for (const player of [...this.#waitingSince.keys()]) {
      if (!players.includes(player)) this.#waitingSince.delete(player);
    }
    this.#steps = this.#steps.filter(({ player }) => players.includes(player));
    this.tick();
  }

  /** Nobody sees it: the clock stands, and nothing is read. */
  setActive(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    if (active) this.tick();
    else this.clock.hold();
  }

  /** `rate`: at once with the seek, so that the clock does not run on from there at the old one. */
  seek(micros: number, scrub: boolean, rate?: number): void {
    this.#steps = [];
    this.#waitingSince.clear();
    this.#ended = false;
    this.#scrub = scrub;
    this.#loopWasEmpty = false;
    // Until the picture is there; `tick` lets it go.
    this.clock.hold();
    if (rate !== undefined) this.#setRate(rate);
    this.clock.seek(Math.min(micros, this.#deps.nowMicros()));
    for (const player of this.#players) player.seek(this.clock.position());
    this.#deps.onChange();
    this.tick();
  }

  setRate(rate: number): void {
    this.#steps = [];
    this.#ended = false;
    this.#scrub = false;
    this.#loopWasEmpty = false;
    this.#setRate(rate);
    this.#deps.onChange();
    this.tick();
  }

  setLoop(loop: Loop | undefined): void {
    this.#loopWasEmpty = false;
    this.clock.setLoop(loop);
    this.#deps.onChange();
    this.tick();
  }

  /** Stops the clock, and goes to the player's picture after or before the one shown. */
  step(player: ArchivePlayer, direction: 1 | -1): void {
    this.#scrub = false;
    this.clock.setRate(0);
    this.#forward = direction > 0;
    this.#ended = false;
    if (this.#steps.length < MOST_STEPS) this.#steps.push({ player, direction });
    this.#deps.onChange();
    this.tick();
  }

  /** Something came for this player. Looks again soon, once for all that comes together. */
  changed(player: ArchivePlayer): void {
    if (this.#dirty) {
      this.#dirty.add(player);
      return;
    }
    this.#dirty = new Set([player]);
    queueMicrotask(() => {
      const dirty = this.#dirty ?? new Set();
      this.#dirty = undefined;
      this.#update(this.#players.filter((one) => dirty.has(one)));
    });
  }

  /** Shows what belongs to the clock's time. */
  tick(): void {
    this.#update(this.#players);
  }

  close(): void {
    this.#closed = true;
    this.#players = [];
    this.#steps = [];
    this.#waitingSince.clear();
  }

  #setRate(rate: number): void {
    this.clock.setRate(rate);
    if (this.clock.rate !== 0) this.#forward = this.clock.rate > 0;
  }

  #update(players: readonly ArchivePlayer[]): void {
    if (this.#closed || !this.#active) return;
    const now = this.#deps.nowMicros();
    if (this.clock.position() > now) this.clock.seek(now);
    this.#show(players);
    this.#judge();
    this.#takeSteps();
    if (this.clock.running) this.#deps.onRunning();
  }

  #show(players: readonly ArchivePlayer[]): void {
    const wish = {
      positionMicros: this.clock.position(),
      rate: this.clock.rate,
      forward: this.#forward,
      scrub: this.#scrub,
    };
    for (const player of players) player.update(wish);
  }

  /** Holds the clock, lets it go, or sets it to where there is footage. */
  #judge(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    // Patience is for a camera that is slower than the others: what no line brings, all of them wait for.
    if (this.#deps.lineLost()) this.#waitingSince.clear();
    let waiting = false;
    let ready = false;
    let gap = false;
    for (const player of this.#players) {
      const { kind } = player.condition;
      if (kind === "ready") ready = true;
      if (kind === "gap") gap = true;
      if (kind !== "waiting") {
        this.#waitingSince.delete(player);
        continue;
      }
      const since = this.#waitingSince.get(player) ?? nowMs;
      this.#waitingSince.set(player, since);
      if (nowMs - since < PATIENCE_MS) waiting = true;
    }
    if (ready) this.#loopWasEmpty = false;
    const anyWaiting = waiting || this.#waitingSince.size > 0;
    if (this.#scrub) this.#wait(anyWaiting);
    else if (waiting || (anyWaiting && !ready && !gap)) this.#wait(true);
    else if (ready || (this.clock.rate === 0 && !this.#ended)) this.#goOn();
    else this.#leap();
    if (ready) this.#ended = false;
  }

  #wait(buffering: boolean): void {
    this.clock.hold();
    this.#bufferingSinceMs = buffering ? (this.#bufferingSinceMs ?? this.#deps.clock.monotonicMs()) : undefined;
  }

  #goOn(): void {
    this.#bufferingSinceMs = undefined;
    this.clock.release();
  }

  /** No tile has anything at this time. */
  #leap(): void {
    const gaps = this.#players.flatMap(({ condition }) => (condition.kind === "gap" ? [condition] : []));
    if (gaps.length === 0) {
      this.#goOn();
      return;
    }
    const position = this.clock.position();
    const ends = gaps.map(({ laterMicros, earlierMicros }) => (this.#forward ? laterMicros : earlierMicros));
    const reachable = ends.flatMap((end) => (typeof end === "number" ? [end] : []));
    const target = this.#forward ? Math.min(...reachable) : Math.max(...reachable);
    const leads = this.#forward ? target > position : target < position;
    if (ends.includes(undefined)) this.#wait(true);
    else if (reachable.length > 0 && leads) this.#leapTo(target);
    else this.#end(gaps.flatMap((gap) => (this.#forward ? gap.earlierMicros : gap.laterMicros) ?? []));
  }

  #leapTo(micros: number): void {
    const { loop } = this.clock;
    const outside = loop && (micros >= loop.endMicros || micros < loop.startMicros);
    if (!outside) this.clock.seek(micros);
    else if (this.#loopWasEmpty) this.clock.setRate(0);
    else {
      this.#loopWasEmpty = true;
      this.clock.seek(this.#forward ? loop.startMicros : loop.endMicros);
    }
    this.#deps.onChange();
    this.#again();
  }

  /** There is nothing more in this direction: stands at the last picture, or waits where it is being recorded. */
  #end(edges: readonly number[]): void {
    const edge = edges.length === 0 ? undefined : this.#forward ? Math.max(...edges) : Math.min(...edges);
    const growing = this.#forward && edge !== undefined && this.#deps.nowMicros() - edge < GROWING_MICROS;
    if (growing && this.clock.rate <= 1) {
      this.#wait(true);
      return;
    }
    const position = this.clock.position();
    const found = edge !== undefined && edge !== position;
    // Where it was told to be there may be less than was thought: then once more.
    const again = this.#ended && found && edge < position !== this.#forward;
    this.#ended = found && !again;
    this.clock.setRate(0);
    if (found && !again) this.clock.seek(edge);
    this.#goOn();
    this.#deps.onChange();
    this.#again();
  }

  #again(): void {
    for (const player of this.#players) this.changed(player);
  }

  #takeSteps(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (let step = this.#steps[0]; step; step = this.#steps[0]) {
      const micros = step.player.neighbour(step.direction);
      if (micros === undefined) {
        this.#steppingSinceMs ??= nowMs;
        if (!this.#deps.lineLost() && nowMs - this.#steppingSinceMs < PATIENCE_MS) return;
        // Nobody wants the wall to jump by itself once pictures come again.
        this.#steps = [];
        break;
      }
      this.#steps.shift();
      this.#steppingSinceMs = undefined;
      if (micros === null) continue;
      this.clock.seek(micros);
      this.#deps.onChange();
      this.#show(this.#players);
      this.#judge();
    }
    this.#steppingSinceMs = undefined;
  }
}
