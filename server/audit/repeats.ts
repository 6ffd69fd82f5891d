import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { type Micros, millis } from "../../shared/lib/time.ts";
import type { AuditEntry } from "./row.ts";

const WINDOW_MS = 60_000;
/** Different attempts told one by one in a window; the others are counted together. */
const MOST_KINDS = 200;
const MOST_ADDRESSES = 20;

interface Counted {
  readonly entry: AuditEntry;
  repeated: number;
  lastMicros: Micros;
}

/**
 * Refused and failed attempts: the first of a kind within a minute is told at once, its repetitions as a number when the
 * minute is over. So a flood of attempts neither fills the disk nor pushes other rows out.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #tell: (entry: AuditEntry) => void;
  readonly #kinds = new Map<string, Counted>();
  readonly #addresses = new Set<string>();
  #others = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, tell: (entry: AuditEntry) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** True: it is to be told now. */
  first(entry: AuditEntry): boolean {
    this.#timer ??= this.#clock.after(millis(WINDOW_MS), () => this.flush());
    const { action, actorId, actorName, ip, target, cameraId } = entry;
    const kind = JSON.stringify([action, actorId, actorName, ip, target, cameraId]);
    const known = this.#kinds.get(kind);
    if (known) {
      known.repeated++;
      known.lastMicros = this.#clock.utcMicros();
      return false;
    }
    if (this.#kinds.size >= MOST_KINDS) {
      this.#others++;
      if (ip !== undefined && this.#addresses.size < MOST_ADDRESSES) this.#addresses.add(ip);
      return false;
    }
    this.#kinds.set(kind, { entry, repeated: 0, lastMicros: this.#clock.utcMicros() });
    return true;
  }

  /** Tells what was only counted so far. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const counted = [...this.#kinds.values()].filter(({ repeated }) => repeated > 0);
    this.#kinds.clear();
    for (const { entry, repeated, lastMicros } of counted) {
      const until = new Date(lastMicros / 1000).toISOString();
      this.#tell({ ...entry, details: { ...entry.details, repeated, until } });
    }
    if (this.#others > 0) {
      const details = { attempts: this.#others, addresses: [...this.#addresses] };
      this.#tell({ action: "access.many_denied", outcome: "denied", via: "system", details });
    }
    this.#others = 0;
    this.#addresses.clear();
  }
}
