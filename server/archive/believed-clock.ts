import { eq } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

/** The wall clock is not where it should be. */
export interface ClockDoubt {
  readonly wallMicros: number;
  /** What is gone by instead. */
  readonly believedMicros: number;
}

export interface BelievedClockParts {
  readonly orm: Orm;
  readonly clock: Clock;
  /** Undefined: it is believed again. */
  readonly onDoubt: (doubt: ClockDoubt | undefined) => void;
}

/** A wall clock and the monotonic one, read together. */
interface Reading {
  readonly micros: number;
  readonly monotonicMs: number;
}

const SETTING = "retention.clock";
const DAY_MICROS = 86_400_000_000;
const DAY_MS = 86_400_000;
/** Steps of all within a day. */
const LEAP_MICROS = DAY_MICROS;
/** The server may well have been off for so long. */
const LONGEST_STOP_MICROS = 7 * DAY_MICROS;
/** A clock that leapt is steady while it stays this close to where it leapt to. */
const STEADY_MICROS = 3_600_000_000;
/** Kept no more often: what it is compared with is days. */
const KEEP_EVERY_MICROS = 600_000_000;

/**
 * The time that deletion goes by. A clock that leaps (a dead battery, a wrong or forged time server) would make everything
 * too old at once and end every lock. So one that moves more than a day against the monotonic clock, or over a week while
 * the server was off, is not believed until it has gone on steadily for a day; until then the earlier of its time and of
 * the time before the leap, carried on, is taken.
 */
export class BelievedClock {
  readonly #parts: BelievedClockParts;
  #anchor: Reading | undefined;
  /** Where it leapt to. */
  #leapt: Reading | undefined;
  #keptMicros: number | undefined;

  constructor(parts: BelievedClockParts) {
    this.#parts = parts;
  }

  /** Now, µs UTC. To be called regularly. */
  async now(): Promise<number> {
    const { clock } = this.#parts;
    const wall: Reading = { micros: clock.utcMicros(), monotonicMs: clock.monotonicMs() };
    this.#anchor ??= await this.#first(wall);
    const expected = goneOn(this.#anchor, wall);
    const believed = this.#believes(wall, expected) ? wall.micros : expected;
    await this.#keep(believed);
    return Math.min(wall.micros, believed);
  }

  /** What was believed last, unless the time since then may have passed with the server off. */
  async #first(wall: Reading): Promise<Reading> {
    const [row] = await this.#parts.orm.select().from(settings).where(eq(settings.name, SETTING));
    const last = row === undefined ? Number.NaN : Number(row.value);
    if (!Number.isSafeInteger(last)) return wall;
    this.#keptMicros = last;
    const passed = wall.micros - last;
    return passed > -LEAP_MICROS && passed <= LONGEST_STOP_MICROS ? wall : { ...wall, micros: last };
  }

  #believes(wall: Reading, expected: number): boolean {
    const { onDoubt } = this.#parts;
    if (Math.abs(wall.micros - expected) <= LEAP_MICROS) {
      if (this.#leapt) onDoubt(undefined);
      this.#leapt = undefined;
      // Not at every look: else many small steps would pass for none.
      if (this.#anchor && wall.monotonicMs - this.#anchor.monotonicMs >= DAY_MS) this.#anchor = wall;
      return true;
    }
    if (!this.#leapt || Math.abs(wall.micros - goneOn(this.#leapt, wall)) > STEADY_MICROS) {
      if (!this.#leapt) onDoubt({ wallMicros: wall.micros, believedMicros: expected });
      this.#leapt = wall;
    }
    if (wall.monotonicMs - this.#leapt.monotonicMs < DAY_MS) return false;
    this.#anchor = wall;
    this.#leapt = undefined;
    onDoubt(undefined);
    return true;
  }

  async #keep(believed: number): Promise<void> {
    if (this.#keptMicros !== undefined && Math.abs(believed - this.#keptMicros) < KEEP_EVERY_MICROS) return;
    const { orm, clock } = this.#parts;
    const row = { value: String(Math.round(believed)), updatedAt: toDate(clock.utcMicros()) };
    await orm
      .insert(settings)
      .values({ name: SETTING, ...row })
      .onConflictDoUpdate({ target: settings.name, set: row });
    this.#keptMicros = believed;
  }
}

/** What a clock should say by now that said `from` then. */
function goneOn(from: Reading, now: Reading): number {
  return from.micros + (now.monotonicMs - from.monotonicMs) * 1000;
}
