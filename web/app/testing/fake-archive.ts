import { type Clock, systemClock } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import {
  type FreeClock,
  LIVE_PLAYBACK,
  type PlaybackCommand,
  type PlaybackState,
} from "../../engine/worker-protocol.ts";

const loopOf = (command: Extract<PlaybackCommand, { kind: "loop" }>): NonNullable<FreeClock["loop"]> => ({
  startMicros: command.startMicros,
  endMicros: command.endMicros,
});

/** Stands in for the archive's clocks: runs, loops, frees tiles; every time has footage. */
export class FakeArchive {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #timer: { cancel(): void };
  #state = LIVE_PLAYBACK;

  constructor(clock: Clock = systemClock()) {
    this.#clock = clock;
    this.#timer = clock.every(millis(100), () => this.#run(100_000));
  }

  get state(): PlaybackState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Capture time of a tile's picture; undefined: the tile is live. */
  timeOf(tileId: string): number | undefined {
    const { free, liveTiles, positionMicros } = this.#state;
    const own = free.find((tile) => tile.tileId === tileId)?.positionMicros;
    return own ?? (liveTiles.includes(tileId) ? undefined : positionMicros);
  }

  command(command: PlaybackCommand): void {
    const shared = this.#state;
    const now = this.#clock.utcMicros();
    const tileId = "tileId" in command && command.kind !== "step" ? command.tileId : undefined;
    if (tileId !== undefined) {
      const others = shared.free.filter((tile) => tile.tileId !== tileId);
      const own = shared.free.find((tile) => tile.tileId === tileId);
      const wasLive = shared.liveTiles.includes(tileId);
      const before = {
        ...(own ?? { ...LIVE_PLAYBACK, tileId, rate: wasLive ? 1 : shared.rate }),
        positionMicros: own?.positionMicros ?? (wasLive ? now : (shared.positionMicros ?? now)),
      };
      const { buffering, loop, rate, positionMicros } = before;
      const liveTiles = shared.liveTiles.filter((one) => one !== tileId);
      const free = (change: Partial<FreeClock>): void =>
        this.#tell({
          ...shared,
          liveTiles,
          free: [...others, { tileId, buffering, loop, rate, positionMicros, ...change }],
        });
      if (command.kind === "live") {
        this.#tell({ ...shared, free: others, liveTiles: shared.mode === "live" ? [] : [...liveTiles, tileId] });
      } else if (command.kind === "seek") free({ positionMicros: command.micros });
      else if (command.kind === "rate") free({ rate: command.rate });
      else if (command.kind === "loop") free({ loop: loopOf(command) });
      else if (command.kind === "no-loop") free({ loop: undefined });
      return;
    }
    const archive = { ...shared, mode: "archive" as const, positionMicros: shared.positionMicros ?? now };
    switch (command.kind) {
      case "live":
        this.#tell({ ...LIVE_PLAYBACK, free: shared.free });
        return;
      case "seek":
        this.#tell({ ...archive, positionMicros: Math.min(command.micros, now) });
        return;
      case "rate":
        if (shared.mode === "archive" || command.rate !== 1) this.#tell({ ...archive, rate: command.rate });
        return;
      case "step":
        this.#tell({ ...archive, rate: 0, positionMicros: archive.positionMicros + command.direction * 66_667 });
        return;
      case "loop":
        this.#tell({ ...archive, loop: loopOf(command) });
        return;
      case "no-loop":
        this.#tell({ ...shared, loop: undefined });
        return;
      case "sync":
        this.#tell({ ...shared, free: [], liveTiles: [] });
        return;
    }
  }

  close(): void {
    this.#timer.cancel();
    this.#listeners.clear();
  }

  #run(micros: number): void {
    const { positionMicros, rate, loop, free } = this.#state;
    if ((positionMicros === undefined || rate === 0) && free.every((tile) => tile.rate === 0)) return;
    const now = this.#clock.utcMicros();
    const on = (at: number, by: number): number => Math.min(now, at + micros * by);
    let next = positionMicros === undefined ? undefined : on(positionMicros, rate);
    if (loop !== undefined && next !== undefined && next >= loop.endMicros) next = loop.startMicros;
    this.#tell({
      ...this.#state,
      positionMicros: next,
      free: free.map((tile) => ({ ...tile, positionMicros: on(tile.positionMicros, tile.rate) })),
    });
  }

  #tell(state: PlaybackState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}
