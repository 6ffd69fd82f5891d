import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { type Micros, micros, millis } from "../../shared/lib/time.ts";
import { toDate } from "../db/time.ts";
import type { Audit } from "./audit.ts";
import type { AuditEntry } from "./row.ts";

/** Who looks: filled in when the row is written. */
export type Who = Pick<AuditEntry, "actorId" | "actorName" | "sessionId" | "ip" | "via">;

export interface ViewingParts {
  readonly audit: Pick<Audit, "note">;
  readonly clock: Clock;
  /** Name and address of a session. Never rejects. */
  readonly who: (userId: string, sessionId: string) => Promise<Who>;
}

interface Viewer {
  readonly userId: string;
  readonly sessionId: string;
  readonly who: Promise<Who>;
  readonly watching: Set<string>;
}

/** One session's looking at one camera. */
interface Interval {
  readonly who: Promise<Who>;
  readonly cameraId: string;
  readonly fromMicros: Micros;
  /** Connections that look at it now. */
  viewers: number;
  /** Since when somebody looks, or when the last one left. */
  changedMicros: Micros;
  watchedMicros: number;
}

interface Visit {
  readonly who: Promise<Who>;
  readonly cameraId: string;
  readonly fromMicros: Micros;
  lastMicros: Micros;
  readonly epochs: Set<number>;
}

const EPOCH_MICROS = 600_000_000;
const LOOK_EVERY_MS = millis(60_000);
/** Whoever comes back within it has not been away: a tour through many cameras is one stretch for each of them. */
const LIVE_GRACE_MICROS = 15 * 60_000_000;
const ARCHIVE_GRACE_MICROS = 5 * 60_000_000;
/** A wall that never closes is told anew every day. */
const LONGEST_MICROS = 24 * 3_600_000_000;
const MOST_INTERVALS = 20_000;
const MOST_EPOCHS = 4000;
const MOST_RANGES = 50;

/**
 * Who looked at which camera, live and in the archive: a row when it begins, so that it is known at once, and one when it is
 * over, from when until when. Per session and camera, not per subscription: what a wall of 64 tiles does all day are few rows.
 */
export class ViewingLog {
  readonly #parts: ViewingParts;
  readonly #viewers = new Map<string, Viewer>();
  readonly #live = new Map<string, Interval>();
  readonly #archive = new Map<string, Visit>();
  readonly #timer: Timer;

  constructor(parts: ViewingParts) {
    this.#parts = parts;
    this.#timer = parts.clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  opened(connectionId: string, userId: string, sessionId: string): void {
    const who = this.#parts.who(userId, sessionId);
    this.#viewers.set(connectionId, { userId, sessionId, who, watching: new Set() });
  }

  /** Cameras whose keys the connection was just given, and cameras that it was refused. */
  watched(connectionId: string, allowed: readonly string[], refused: readonly string[]): void {
    const viewer = this.#viewers.get(connectionId);
    if (!viewer) return;
    for (const cameraId of allowed) {
      if (viewer.watching.has(cameraId)) continue;
      viewer.watching.add(cameraId);
      this.#begin(viewer, cameraId);
    }
    for (const cameraId of refused) {
      this.#leave(viewer, cameraId);
      void this.#tell(viewer.who, { action: "live.denied", outcome: "denied", target: cameraId, cameraId });
    }
  }

  left(connectionId: string, cameraIds: readonly string[]): void {
    const viewer = this.#viewers.get(connectionId);
    if (viewer) for (const cameraId of cameraIds) this.#leave(viewer, cameraId);
  }

  /** Keys of the archive that the connection was given: ten minutes of the camera each. */
  playedBack(connectionId: string, cameraId: string, epochs: readonly number[]): void {
    const viewer = this.#viewers.get(connectionId);
    if (!viewer || epochs.length === 0) return;
    const key = `${viewer.sessionId} ${cameraId}`;
    const now = this.#parts.clock.utcMicros();
    let visit = this.#archive.get(key);
    if (!visit) {
      this.#makeRoom(this.#archive, (oldest) => this.#endVisit(oldest));
      visit = { who: viewer.who, cameraId, fromMicros: now, lastMicros: now, epochs: new Set() };
      this.#archive.set(key, visit);
      const ranges = rangesOf(epochs);
      void this.#tell(viewer.who, { action: "archive.view", target: cameraId, cameraId, details: { ranges } });
    }
    visit.lastMicros = now;
    for (const epoch of epochs) visit.epochs.add(epoch);
    if (visit.epochs.size > MOST_EPOCHS) void this.#endVisit(key);
  }

  refusedArchive(connectionId: string, cameraId: string): void {
    const viewer = this.#viewers.get(connectionId);
    if (viewer)
      void this.#tell(viewer.who, { action: "archive.denied", outcome: "denied", target: cameraId, cameraId });
  }

  closed(connectionId: string): void {
    const viewer = this.#viewers.get(connectionId);
    if (!viewer) return;
    for (const cameraId of [...viewer.watching]) this.#leave(viewer, cameraId);
    this.#viewers.delete(connectionId);
  }

  /** The relay thread is gone, and with it every connection. */
  clear(): void {
    for (const connectionId of [...this.#viewers.keys()]) this.closed(connectionId);
  }

  /** Tells what goes on still; the audit trail closes after this. */
  async close(): Promise<void> {
    this.#timer.cancel();
    this.clear();
    const told = [...this.#live.keys()].map((key) => this.#endInterval(key));
    told.push(...[...this.#archive.keys()].map((key) => this.#endVisit(key)));
    await Promise.all(told);
  }

  #begin(viewer: Viewer, cameraId: string): void {
    const key = `${viewer.sessionId} ${cameraId}`;
    const now = this.#parts.clock.utcMicros();
    const known = this.#live.get(key);
    if (known) {
      if (known.viewers++ === 0) known.changedMicros = now;
      return;
    }
    this.#makeRoom(this.#live, (oldest) => this.#endInterval(oldest));
    const { who } = viewer;
    this.#live.set(key, { who, cameraId, fromMicros: now, viewers: 1, changedMicros: now, watchedMicros: 0 });
    void this.#tell(who, { action: "live.view", target: cameraId, cameraId });
  }

  #leave(viewer: Viewer, cameraId: string): void {
    if (!viewer.watching.delete(cameraId)) return;
    const interval = this.#live.get(`${viewer.sessionId} ${cameraId}`);
    if (!interval || interval.viewers === 0 || --interval.viewers > 0) return;
    const now = this.#parts.clock.utcMicros();
    interval.watchedMicros += Math.max(0, now - interval.changedMicros);
    interval.changedMicros = now;
  }

  #look(): void {
    const now = this.#parts.clock.utcMicros();
    for (const [key, { viewers, changedMicros, fromMicros }] of [...this.#live]) {
      if (viewers === 0 && now - changedMicros >= LIVE_GRACE_MICROS) void this.#endInterval(key);
      else if (viewers > 0 && now - fromMicros >= LONGEST_MICROS) this.#tellAgain(key);
    }
    for (const [key, { lastMicros }] of [...this.#archive]) {
      if (now - lastMicros >= ARCHIVE_GRACE_MICROS) void this.#endVisit(key);
    }
  }

  /** Ends a stretch and begins the next one, which is the same viewers'. */
  #tellAgain(key: string): void {
    const interval = this.#live.get(key);
    if (!interval) return;
    const { who, cameraId, viewers } = interval;
    void this.#endInterval(key);
    const now = this.#parts.clock.utcMicros();
    this.#live.set(key, { who, cameraId, fromMicros: now, viewers, changedMicros: now, watchedMicros: 0 });
  }

  #endInterval(key: string): Promise<void> {
    const interval = this.#live.get(key);
    if (!interval) return Promise.resolve();
    this.#live.delete(key);
    const { who, cameraId, fromMicros, viewers, changedMicros, watchedMicros } = interval;
    const now = this.#parts.clock.utcMicros();
    const untilMicros = viewers > 0 ? now : changedMicros;
    const seconds = (watchedMicros + (viewers > 0 ? now - changedMicros : 0)) / 1e6;
    const details = { ...spanOf(fromMicros, untilMicros), seconds: Math.round(seconds) };
    return this.#tell(who, { action: "live.viewed", target: cameraId, cameraId, details });
  }

  #endVisit(key: string): Promise<void> {
    const visit = this.#archive.get(key);
    if (!visit) return Promise.resolve();
    this.#archive.delete(key);
    const { who, cameraId, fromMicros, lastMicros, epochs } = visit;
    const details = { ranges: rangesOf([...epochs]), ...spanOf(fromMicros, lastMicros) };
    return this.#tell(who, { action: "archive.viewed", target: cameraId, cameraId, details });
  }

  #makeRoom(of: ReadonlyMap<string, unknown>, end: (key: string) => Promise<void>): void {
    if (of.size < MOST_INTERVALS) return;
    for (const oldest of of.keys()) {
      void end(oldest);
      return;
    }
  }

  async #tell(who: Promise<Who>, entry: AuditEntry): Promise<void> {
    this.#parts.audit.note({ ...(await who), ...entry });
  }
}

/** Epochs are ten minutes each: stretches of footage that could be opened. At most 50; the gaps between the last are filled. */
function rangesOf(epochs: readonly number[]): { from: string; until: string }[] {
  const sorted = [...new Set(epochs)].sort((a, b) => a - b);
  const ranges: { first: number; last: number }[] = [];
  for (const epoch of sorted) {
    const current = ranges.at(-1);
    if (current && (epoch <= current.last + 1 || ranges.length >= MOST_RANGES)) current.last = epoch;
    else ranges.push({ first: epoch, last: epoch });
  }
  return ranges.map(({ first, last }) => spanOf(micros(first * EPOCH_MICROS), micros((last + 1) * EPOCH_MICROS)));
}

function spanOf(from: Micros, until: Micros): { from: string; until: string } {
  return { from: toDate(from).toISOString(), until: toDate(until).toISOString() };
}
