import { type Clock, systemClock } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { PlaybackCommand, PlaybackState } from "../../engine/worker-protocol.ts";

const LIVE: PlaybackState = {
  mode: "live",
  positionMicros: undefined,
  rate: 1,
  buffering: false,
  loop: undefined,
  free: [],
};

type Free = PlaybackState["free"][number];

/** Stands in for the archive's clocks: runs, loops, frees tiles; every time has footage. */
export class FakeArchive {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #timer: { cancel(): void };
  #state = LIVE;

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
    return this.#state.free.find((tile) => tile.tileId === tileId)?.positionMicros ?? this.#state.positionMicros;
  }

  command(command: PlaybackCommand): void {
    const shared = this.#state;
    const now = this.#clock.utcMicros();
    const tileId = "tileId" in command && command.kind !== "step" ? command.tileId : undefined;
    if (tileId !== undefined) {
      const others = shared.free.filter((tile) => tile.tileId !== tileId);
      const before: Free = shared.free.find((tile) => tile.tileId === tileId) ?? {
        tileId,
        positionMicros: shared.positionMicros ?? now,
        rate: shared.rate,
      };
      if (command.kind === "live") this.#tell({ ...shared, free: others });
      else if (command.kind === "seek") {
        this.#tell({ ...shared, free: [...others, { ...before, positionMicros: command.micros }] });
      } else if (command.kind === "rate") {
        this.#tell({ ...shared, free: [...others, { ...before, rate: command.rate }] });
      }
      return;
    }
    const archive = { ...shared, mode: "archive" as const, positionMicros: shared.positionMicros ?? now };
    switch (command.kind) {
      case "live":
        this.#tell({ ...LIVE, free: shared.free });
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
        this.#tell({ ...archive, loop: { startMicros: command.startMicros, endMicros: command.endMicros } });
        return;
      case "no-loop":
        this.#tell({ ...shared, loop: undefined });
        return;
      case "sync":
        this.#tell({ ...shared, free: [] });
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
