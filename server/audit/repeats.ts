import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { type Micros, millis } from "../../shared/lib/time.ts";
import { addressOwner } from "../net/address-class.ts";
import type { AuditEntry } from "./row.ts";

const WINDOW_MS = 60_000;
/** Different attempts told one by one in a window, of people who are signed in, and as many of strangers. */
const MOST_KINDS = 100;
/** Of them those of one person, or one address; the fuller it is, the fewer. */
const SHARES: readonly (readonly [below: number, share: number])[] = [
  [60, 20],
  [80, 5],
  [MOST_KINDS, 1],
];
/** Whose further attempts are counted one by one, on each of the two sides; those of all others are counted together. */
const MOST_COUNTED = 50;
const MOST_ACTIONS = 20;
const MOST_ADDRESSES = 20;

interface Kind {
  readonly entry: AuditEntry;
  repeated: number;
  lastMicros: Micros;
}

interface Actor {
  readonly who: Pick<AuditEntry, "actorId" | "actorName" | "ip">;
  attempts: number;
  readonly actions: Map<string, number>;
}

/** Who is signed in and who is not have a side each: nobody without an account hides what an account is used for. */
interface Side {
  readonly shares: Map<string, number>;
  readonly counted: Map<string, Actor>;
  kinds: number;
}

/**
 * Refused and failed attempts: the first of a kind within a minute is told at once, its repetitions as a number when the
 * minute is over. Nobody has more than his share of kinds; what else he tries is a number beside his name or address. So a
 * flood of attempts neither fills the disk nor hides what others try.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #tell: (entry: AuditEntry) => void;
  readonly #kinds = new Map<string, Kind>();
  #signedIn: Side = emptySide();
  #strangers: Side = emptySide();
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
    const { action, actorId, actorName, ip, sessionId, target, cameraId } = entry;
    const kind = JSON.stringify([action, actorId, actorName, ip, target, cameraId]);
    const known = this.#kinds.get(kind);
    if (known) {
      known.repeated++;
      known.lastMicros = this.#clock.utcMicros();
      return false;
    }
    const side = sessionId === undefined ? this.#strangers : this.#signedIn;
    const owner = ownerOf(entry);
    const used = side.shares.get(owner) ?? 0;
    const share = SHARES.find(([below]) => side.kinds < below)?.[1] ?? 0;
    if (used >= share) {
      this.#count(side, owner, entry);
      return false;
    }
    side.shares.set(owner, used + 1);
    side.kinds++;
    this.#kinds.set(kind, { entry, repeated: 0, lastMicros: this.#clock.utcMicros() });
    return true;
  }

  /** Tells what was only counted so far. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const kinds = [...this.#kinds.values()].filter(({ repeated }) => repeated > 0);
    const actors = [this.#signedIn, this.#strangers].flatMap(({ counted }) => [...counted.values()]);
    const [others, addresses] = [this.#others, [...this.#addresses]];
    this.#kinds.clear();
    this.#signedIn = emptySide();
    this.#strangers = emptySide();
    this.#addresses.clear();
    this.#others = 0;
    for (const { entry, repeated, lastMicros } of kinds) {
      const until = new Date(lastMicros / 1000).toISOString();
      this.#tell({ ...entry, details: { ...entry.details, repeated, until } });
    }
    const many = { action: "access.many_denied", outcome: "denied", via: "system" } as const;
    for (const { who, attempts, actions } of actors) {
      this.#tell({ ...many, ...who, details: { attempts, actions: Object.fromEntries(actions) } });
    }
    if (others > 0) this.#tell({ ...many, details: { attempts: others, addresses } });
  }

  #count({ counted }: Side, owner: string, { action, actorId, actorName, ip, sessionId }: AuditEntry): void {
    let actor = counted.get(owner);
    if (!actor && counted.size < MOST_COUNTED) {
      // A stranger's name is what he typed: another one each time.
      const who = sessionId === undefined ? { ip } : { actorId, actorName, ip };
      actor = { who, attempts: 0, actions: new Map() };
      counted.set(owner, actor);
    }
    if (!actor) {
      this.#others++;
      if (ip !== undefined && this.#addresses.size < MOST_ADDRESSES) this.#addresses.add(ip);
      return;
    }
    actor.attempts++;
    const times = actor.actions.get(action);
    if (times !== undefined || actor.actions.size < MOST_ACTIONS) actor.actions.set(action, (times ?? 0) + 1);
  }
}

/** A failed log-in names the account that it was tried on: that is not who tried it. */
function ownerOf({ actorId, ip, sessionId }: AuditEntry): string {
  if (sessionId !== undefined) return actorId ?? sessionId;
  return ip === undefined ? "" : addressOwner(ip);
}

function emptySide(): Side {
  return { shares: new Map(), counted: new Map(), kinds: 0 };
}
