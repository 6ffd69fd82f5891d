import { type Gop, gopEndMicros } from "./gop.ts";
import { KnownRanges } from "./known-ranges.ts";
import type { EndMessage, ReadRequest } from "./line-reads.ts";

/** What there is at a time. */
export type Lookup =
  | { readonly kind: "gop"; readonly gop: Gop }
  /** Nothing recorded. Where footage is on either side: null for none at all, undefined for not known. */
  | {
      readonly kind: "gap";
      readonly earlierMicros: number | null | undefined;
      readonly laterMicros: number | null | undefined;
    }
  | { readonly kind: "unknown" };

/** Interruptions shorter than this are no gap: the picture before them is shown. */
const SHORT_GAP_MICROS = 1_000_000;
/** What is younger than this may still be on its way to the disk: that it is not there says nothing. */
const SETTLED_MICROS = 30_000_000;

/**
 * What has been read of one camera's archive: GOPs, and of which stretches of time they are everything that there is.
 */
export class Footage {
  readonly #ranges = new KnownRanges();
  #gops: Gop[] = [];
  #bytes = 0;
  /** From here on there was nothing when last asked; the recording may go on. */
  #emptyAfter: number | undefined;
  /** The last picture before that, where it is known. */
  #lastMicros: number | null = null;

  get bytes(): number {
    return this.#bytes;
  }
  get gops(): readonly Gop[] {
    return this.#gops;
  }
  get emptyAfterMicros(): number | undefined {
    return this.#emptyAfter;
  }

  get usualGopBytes(): number {
    return this.#gops.length === 0 ? 0 : this.#bytes / this.#gops.length;
  }
  get usualGopMicros(): number {
    const total = this.#gops.reduce((sum, gop) => sum + gopEndMicros(gop) - gop.startMicros, 0);
    return this.#gops.length === 0 ? 1 : total / this.#gops.length;
  }

  at(micros: number): Lookup {
    const index = this.#indexAt(micros);
    const gop = this.#gops[index];
    if (gop && micros < gopEndMicros(gop)) return { kind: "gop", gop };
    const range = this.#ranges.at(micros);
    if (!range) {
      if (this.#emptyAfter === undefined || micros < this.#emptyAfter) return { kind: "unknown" };
      return { kind: "gap", earlierMicros: this.#lastMicros, laterMicros: null };
    }
    const before = gop && gop.startMicros >= range.fromMicros ? gop : undefined;
    const next = this.#gops[index + 1];
    const after = next && next.startMicros < range.toMicros ? next : undefined;
    if (before && (micros < before.source.spanEndMicros || (after && isShort(before, after)))) {
      return { kind: "gop", gop: before };
    }
    return {
      kind: "gap",
      earlierMicros: before ? before.lastMicros : range.earlierMicros,
      laterMicros: after ? after.startMicros : (range.laterMicros ?? this.#nothingAfter(range.toMicros)),
    };
  }

  /** Up to where everything is known, going forward from a time that is known. */
  knownUntil(micros: number): { readonly micros: number; readonly laterMicros: number | null | undefined } | undefined {
    const range = this.#ranges.at(micros);
    return range && { micros: range.toMicros, laterMicros: range.laterMicros };
  }

  /** Down to where everything is known, going backward. */
  knownFrom(
    micros: number,
  ): { readonly micros: number; readonly earlierMicros: number | null | undefined } | undefined {
    const range = this.#ranges.at(micros) ?? this.#ranges.before(micros);
    return range && { micros: range.fromMicros, earlierMicros: range.earlierMicros };
  }

  /** The GOP after this one when nothing unknown lies between. */
  next(gop: Gop): Gop | undefined {
    const next = this.#gops[this.#gops.indexOf(gop) + 1];
    const range = this.#ranges.at(gop.startMicros);
    return next && range && next.startMicros < range.toMicros ? next : undefined;
  }

  /** The GOP before this one when nothing unknown lies between. */
  previous(gop: Gop): Gop | undefined {
    const index = this.#gops.indexOf(gop);
    const previous = index > 0 ? this.#gops[index - 1] : undefined;
    const range = previous && this.#ranges.at(previous.startMicros);
    return range && gop.startMicros <= range.toMicros ? previous : undefined;
  }

  add(gop: Gop): void {
    const index = this.#indexAt(gop.startMicros);
    // What is there already may be in use by a decoder, and its frames may be open.
    const present = this.#gops[index];
    if (present?.startMicros === gop.startMicros) {
      if (present.frames.length >= gop.frames.length) return;
      // It was still being recorded.
      this.#gops[index] = gop;
      this.#bytes -= present.bytes;
    } else this.#gops.splice(index + 1, 0, gop);
    this.#bytes += gop.bytes;
    this.#ranges.add({
      fromMicros: gop.startMicros,
      toMicros: gopEndMicros(gop),
      earlierMicros: undefined,
      laterMicros: undefined,
    });
  }

  /** Takes in what a finished read says. `gops`: in the order in which they came; `nowMicros`: the server's. */
  learn(request: ReadRequest, gops: readonly Gop[], end: EndMessage, nowMicros: number): void {
    if (request.direction === "forward") this.#learnForward(request, gops, end, nowMicros);
    else this.#learnBackward(request, gops, end);
  }

  /** Nothing can be had from here to there. */
  blank(fromMicros: number, toMicros: number): void {
    this.#ranges.add({ fromMicros, toMicros, earlierMicros: fromMicros - 1, laterMicros: toMicros });
  }

  /** Throws away what lies farthest from the position, first on the side that playing leaves behind. */
  evict(positionMicros: number, forward: boolean, maxBytes: number): void {
    while (this.#bytes > maxBytes && this.#gops.length > 1) {
      const behind = forward ? this.#gops[0] : this.#gops.at(-1);
      const ahead = forward ? this.#gops.at(-1) : this.#gops[0];
      const current = this.#gops[Math.max(0, this.#indexAt(positionMicros))];
      const victim = behind === current ? ahead : behind;
      if (!victim || victim === current) return;
      this.#remove(victim);
    }
  }

  clear(): void {
    this.#gops = [];
    this.#bytes = 0;
    this.#ranges.clear();
    this.#emptyAfter = undefined;
  }

  /** Bytes of GOPs that begin after the position, or end before it. */
  bytesAhead(positionMicros: number, forward: boolean): number {
    let sum = 0;
    for (const gop of this.#gops) {
      if (forward ? gop.startMicros > positionMicros : gop.lastMicros < positionMicros) sum += gop.bytes;
    }
    return sum;
  }

  #nothingAfter(micros: number): null | undefined {
    return this.#emptyAfter !== undefined && this.#emptyAfter <= micros ? null : undefined;
  }

  #learnForward(request: ReadRequest, gops: readonly Gop[], end: EndMessage, nowMicros: number): void {
    const { fromMicros, toMicros } = request;
    const first = gops[0];
    const last = gops.at(-1);
    const settled = nowMicros - SETTLED_MICROS;
    if (last && first) {
      const footageEnd = Math.max(gopEndMicros(last), last.source.spanEndMicros);
      const until = end.nextMicros ?? Math.min(toMicros, Math.max(footageEnd, settled));
      const atEnd = end.nextMicros === null && toMicros > Math.max(footageEnd, settled);
      if (atEnd) this.#endsAt(footageEnd, last.lastMicros);
      else if (this.#emptyAfter !== undefined && this.#emptyAfter < until) this.#emptyAfter = undefined;
      this.#ranges.add({
        fromMicros: Math.min(fromMicros, first.startMicros),
        toMicros: Math.max(until, last.startMicros + 1),
        earlierMicros: undefined,
        laterMicros: end.nextMicros ?? undefined,
      });
      return;
    }
    const later = end.nextMicros ?? end.laterMicros;
    const earlier = end.earlierMicros === null ? null : end.earlierMicros - 1;
    const known = this.#emptyAfter ?? Number.POSITIVE_INFINITY;
    if (later !== null && known < later) this.#emptyAfter = undefined;
    if (later === null && fromMicros < known) this.#endsAt(fromMicros, earlier);
    this.#ranges.add({
      fromMicros,
      toMicros: later ?? Math.max(fromMicros, settled),
      earlierMicros: earlier,
      laterMicros: later ?? undefined,
    });
  }

  #endsAt(micros: number, lastMicros: number | null): void {
    this.#emptyAfter = micros;
    this.#lastMicros = lastMicros;
  }

  #learnBackward({ fromMicros, toMicros }: ReadRequest, gops: readonly Gop[], end: EndMessage): void {
    const newest = gops[0];
    const oldest = gops.at(-1);
    if (newest && oldest) {
      this.#ranges.add({
        fromMicros: end.nextMicros === null ? Math.min(toMicros, oldest.startMicros) : oldest.startMicros,
        toMicros: Math.max(fromMicros + 1, gopEndMicros(newest)),
        earlierMicros: end.nextMicros ?? undefined,
        laterMicros: undefined,
      });
      return;
    }
    // The server names the end of the footage, which is no longer part of it.
    const earlier = end.nextMicros ?? (end.earlierMicros === null ? null : end.earlierMicros - 1);
    this.#ranges.add({
      fromMicros: earlier === null ? 0 : earlier + 1,
      toMicros: fromMicros + 1,
      earlierMicros: earlier,
      laterMicros: end.laterMicros ?? undefined,
    });
  }

  #remove(gop: Gop): void {
    const index = this.#gops.indexOf(gop);
    const next = this.#gops[index + 1];
    this.#gops.splice(index, 1);
    this.#bytes -= gop.bytes;
    const range = this.#ranges.at(gop.startMicros);
    const until =
      next && range && next.startMicros < range.toMicros ? next.startMicros : (range?.toMicros ?? gopEndMicros(gop));
    this.#ranges.cut(gop.startMicros, until);
  }

  /** Index of the last GOP that begins at or before the time; -1 for none. */
  #indexAt(micros: number): number {
    let low = -1;
    let high = this.#gops.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#gops[middle]?.startMicros ?? 0) <= micros) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Whether the pictures go on without an interruption that is worth a word. */
function isShort(before: Gop, after: Gop): boolean {
  const sameSpan = after.source.spanStartMicros <= before.startMicros;
  return sameSpan || after.startMicros - Math.max(before.lastMicros, before.source.spanEndMicros) < SHORT_GAP_MICROS;
}
