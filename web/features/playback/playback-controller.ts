import type { Clock } from "../../../shared/lib/clock.ts";
import type { WallEngine } from "../../engine/engine.ts";
import { type ClockState, LIVE_CLOCK, type PlaybackCommand, type PlaybackState } from "../../engine/worker-protocol.ts";
import type { TimelineStore } from "./timeline-store.ts";
import type { Range } from "./viewport.ts";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;
export const JUMP_MICROS = 10_000_000;
/** The clock tells its position ten times a second; a page that hears nothing for longer guesses no further. */
const GUESS_MS = 300;
/** The engine tells a seek's target within this; what it tells until then may be older than the seek. */
const AIM_MS = 1000;
const NEAR_MICROS = 2_000_000;

export type PlaybackEngine = Pick<WallEngine, "command" | "playback" | "onPlayback">;

interface PlaybackDeps {
  readonly engine: PlaybackEngine;
  /** Its UTC is the server's: what is marked or looked for is on the server's time. */
  readonly clock: Clock;
  readonly store: TimelineStore;
  /** The tile that is selected or shown alone. */
  readonly tileId: () => string | undefined;
}

export interface Position {
  readonly micros: number;
  readonly rate: number;
  readonly live: boolean;
}

/**
 * What the buttons and keys of playback do, and what they show. Turns wishes into commands to the engine; knows nothing
 * of pages. Who shows something of it subscribes here and not at the engine, whose news it may not have taken yet.
 */
export class PlaybackController {
  readonly #deps: PlaybackDeps;
  readonly #listeners = new Set<() => void>();
  #version = 0;
  /** Speed to go on with after a pause; negative: backward. */
  #lastRate = 1;
  #state: PlaybackState;
  #toldAtMs: number;
  /** Where the last seek led, until the engine says so too. */
  #aim: { readonly micros: number; readonly tileId: string | undefined; readonly untilMs: number } | undefined;

  constructor(deps: PlaybackDeps) {
    this.#deps = deps;
    this.#state = deps.engine.playback();
    this.#toldAtMs = deps.clock.monotonicMs();
  }

  /** Follows the engine until the returned function is called. */
  listen(): () => void {
    const take = (): void => {
      this.#state = this.#deps.engine.playback();
      this.#toldAtMs = this.#deps.clock.monotonicMs();
      const aim = this.#aim;
      const told = aim && this.#told(aim.tileId).positionMicros;
      if (aim && told !== undefined && Math.abs(told - aim.micros) < NEAR_MICROS) this.#aim = undefined;
      this.#changed();
    };
    take();
    return this.#deps.engine.onPlayback(take);
  }

  /** Told of every change of what can be read here, the pass of time left out. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another number after every change: a snapshot for `useSyncExternalStore`. */
  readonly version = (): number => this.#version;

  get state(): PlaybackState {
    return this.#state;
  }

  /** What the selected tile's clock (SYNC off) or everyone's loops. */
  get looped(): Range | undefined {
    return this.#told(this.#deps.tileId()).loop;
  }

  /** Whether that clock waits for pictures. */
  get buffering(): boolean {
    return this.#told(this.#deps.tileId()).buffering;
  }

  /** Where the selected tile's clock (SYNC off) or everyone's is now, carried on between two messages of the engine. */
  position(): Position {
    const nowMs = this.#deps.clock.monotonicMs();
    const { positionMicros, rate, buffering } = this.#told(this.#deps.tileId());
    const aim = this.#aim;
    if (aim && nowMs < aim.untilMs && (aim.tileId === undefined || aim.tileId === this.#deps.tileId())) {
      return { micros: aim.micros, rate, live: false };
    }
    if (positionMicros === undefined) return { micros: this.#deps.clock.utcMicros(), rate: 1, live: true };
    const sinceMs = Math.min(GUESS_MS, nowMs - this.#toldAtMs);
    const ahead = buffering ? 0 : sinceMs * 1000 * rate;
    return { micros: Math.round(positionMicros + ahead), rate, live: false };
  }

  seek(micros: number, options: { readonly scrub?: boolean } = {}): void {
    const now = this.#deps.clock.utcMicros();
    const at = Math.round(Math.min(Math.max(0, micros), now));
    this.#send({ kind: "seek", micros: at, ...(options.scrub === true ? { scrub: true } : {}) });
    this.#aim = { micros: at, tileId: this.#addressee(), untilMs: this.#deps.clock.monotonicMs() + AIM_MS };
    if (options.scrub !== true) this.#deps.store.dispatch({ type: "reveal", micros: at });
    this.#changed();
  }

  jumpBy(micros: number): void {
    this.seek(this.position().micros + micros);
  }

  /** Pausing the live wall freezes it at this moment, in the archive. */
  togglePlay(): void {
    const { rate, live } = this.position();
    if (live || rate !== 0) {
      if (rate !== 0 && !live) this.#lastRate = rate;
      this.setRate(0);
    } else this.setRate(this.#lastRate);
  }

  setRate(rate: number): void {
    if (rate !== 0) this.#lastRate = rate;
    this.#send({ kind: "rate", rate });
  }

  /** Changes the speed and keeps direction and pause. */
  setSpeed(speed: number): void {
    const { rate, live } = this.position();
    const direction = (rate === 0 ? this.#lastRate : rate) < 0 ? -1 : 1;
    if (rate === 0 && !live) this.#lastRate = direction * speed;
    else this.setRate(direction * speed);
    this.#changed();
  }

  /** The speed that plays now, or will play after the pause; without direction. */
  speed(): number {
    const { rate } = this.position();
    return Math.abs(rate === 0 ? this.#lastRate : rate);
  }

  /** Shuttle of the editing desk: each press in a direction doubles its speed, the other direction starts at 1. */
  shuttle(direction: 1 | -1): void {
    const { rate, live } = this.position();
    const going = !live && rate * direction > 0;
    if (live && direction === 1) return;
    this.setRate(direction * (going ? Math.min(16, Math.max(1, Math.abs(rate) * 2)) : 1));
  }

  reverse(): void {
    const { rate, live } = this.position();
    this.setRate(live ? -1 : rate === 0 ? -Math.abs(this.#lastRate) : -rate);
  }

  step(direction: 1 | -1): void {
    const { rate, live } = this.position();
    const alone = this.#addressee();
    const joined = alone !== undefined && !this.#state.free.some((tile) => tile.tileId === alone);
    // Pausing it gives a tile its own clock: without one all would step.
    if (live || rate !== 0 || joined) this.setRate(0);
    const tileId = this.#deps.tileId();
    this.#deps.engine.command({ kind: "step", direction, ...(tileId === undefined ? {} : { tileId }) });
  }

  live(): void {
    this.#lastRate = 1;
    this.#aim = undefined;
    this.#send({ kind: "live" });
    this.#deps.store.dispatch({ type: "reveal", micros: this.#deps.clock.utcMicros() });
    this.#changed();
  }

  loop(range: Range): void {
    this.#send({ kind: "loop", ...range });
    const { micros } = this.position();
    if (micros < range.startMicros || micros >= range.endMicros) this.seek(range.startMicros);
  }

  toggleLoop(): void {
    const { selection } = this.#deps.store.get();
    if (this.looped !== undefined) this.#send({ kind: "no-loop" });
    else if (selection !== undefined) this.loop(selection);
  }

  toggleSync(): void {
    const alone = !this.#deps.store.get().alone;
    this.#deps.store.dispatch({ type: "alone", on: alone });
    if (!alone) this.#deps.engine.command({ kind: "sync" });
  }

  #addressee(): string | undefined {
    return this.#deps.store.get().alone ? this.#deps.tileId() : undefined;
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  /** What the engine said last of the tile's clock: its own, none since it is live, else everyone's. */
  #told(tileId: string | undefined): ClockState {
    const { free, liveTiles } = this.#state;
    if (tileId !== undefined && liveTiles.includes(tileId)) return LIVE_CLOCK;
    return free.find((tile) => tile.tileId === tileId) ?? this.#state;
  }

  /** With SYNC off a command is for the selected tile; without a selected one, for all. */
  #send(command: Exclude<PlaybackCommand, { kind: "sync" | "hear" | "step" }>): void {
    const tileId = this.#addressee();
    this.#deps.engine.command(tileId === undefined ? command : { ...command, tileId });
  }
}
