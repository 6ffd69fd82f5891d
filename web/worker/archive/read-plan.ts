import type { Footage } from "./footage.ts";
import type { ReadRequest } from "./line-reads.ts";

/** What playing wants of one camera's footage. */
export interface Aim {
  readonly positionMicros: number;
  /** 0: standing. */
  readonly rate: number;
  /** Where standing leads next: the direction of the last step or of playing. */
  readonly forward: boolean;
  /** Keyframes only, at least so far apart; undefined: every picture. */
  readonly keyframesApartMicros: number | undefined;
  /** Just the picture at the position: nothing is read ahead. */
  readonly scrub: boolean;
}

export interface ReadLimits {
  /** Read ahead at most so much. */
  readonly aheadBytes: number;
}

/** Played time that is read ahead. */
const AHEAD_MICROS = 6_000_000;
/** One read of what comes next. */
const READ_BYTES = { least: 256 * 1024, most: 4 * 1024 * 1024 } as const;
/** How far a read looks for footage; beyond it the server names the nearest. */
const REACH_MICROS = 600_000_000;

export type PlannedRead = Omit<ReadRequest, "cameraId" | "role">;

/**
 * The next read, or none when enough is there. First what is at the position, one GOP, so that its picture comes at
 * once; then ahead in the direction of play; while standing also the GOP on the other side, for a step. `poll`: ask
 * again whether the recording has gone on. Pure.
 */
export function planRead(footage: Footage, aim: Aim, limits: ReadLimits, poll: boolean): PlannedRead | undefined {
  const { positionMicros: position, forward, scrub } = aim;
  const here = footage.at(position);
  if (here.kind === "unknown") return read(aim, !scrub && forward, position, 1);
  if (scrub) return undefined;
  const aheadMicros = AHEAD_MICROS * Math.max(1, Math.abs(aim.rate));
  // Over a gap the search goes on until there is footage, however far.
  const searches = here.kind === "gap" && typeof (forward ? here.laterMicros : here.earlierMicros) !== "number";
  const from = aheadFrom(footage, aim, searches ? Number.POSITIVE_INFINITY : aheadMicros, limits, poll);
  if (from !== undefined) {
    const perGop = aim.keyframesApartMicros ?? footage.usualGopMicros;
    const wanted = Math.round((aheadMicros / Math.max(1, perGop)) * footage.usualGopBytes);
    return read(aim, forward, from, Math.min(READ_BYTES.most, Math.max(READ_BYTES.least, wanted)));
  }
  if (aim.rate !== 0 || here.kind !== "gop") return undefined;
  if (forward ? footage.previous(here.gop) : footage.next(here.gop)) return undefined;
  const other = aheadFrom(footage, { ...aim, forward: !forward }, Number.POSITIVE_INFINITY, limits, false);
  return other === undefined ? undefined : read(aim, !forward, other, 1);
}

function read(aim: Aim, forward: boolean, fromMicros: number, maxBytes: number): PlannedRead {
  const apart = aim.keyframesApartMicros;
  return {
    direction: forward ? "forward" : "backward",
    fromMicros,
    toMicros: forward ? fromMicros + REACH_MICROS : Math.max(0, fromMicros - REACH_MICROS),
    maxBytes,
    ...(apart === undefined ? {} : { keyframesApartMicros: apart }),
  };
}

/** Where to go on reading; undefined when there is enough, or nothing more. */
function aheadFrom(
  footage: Footage,
  { positionMicros: position, forward }: Aim,
  aheadMicros: number,
  { aheadBytes }: ReadLimits,
  poll: boolean,
): number | undefined {
  if (footage.bytesAhead(position, forward) >= aheadBytes) return undefined;
  if (!forward) {
    const known = footage.knownFrom(position);
    const enough = !known || known.earlierMicros === null || position - known.micros > aheadMicros / 2;
    // Right from where it is known, not from the footage that was named: no stretch in between may stay unknown, or it
    // would be asked for without an end.
    return enough || known.micros <= 0 ? undefined : known.micros - 1;
  }
  const known = footage.knownUntil(position);
  const { emptyAfterMicros } = footage;
  const from = known ? Math.max(known.micros, known.laterMicros ?? 0) : emptyAfterMicros;
  if (from === undefined || (known && known.micros - position > aheadMicros / 2)) return undefined;
  return emptyAfterMicros !== undefined && from >= emptyAfterMicros && !poll ? undefined : from;
}
