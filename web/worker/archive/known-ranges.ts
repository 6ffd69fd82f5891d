/** A stretch of time of which everything is known that the archive holds. */
export interface KnownRange {
  readonly fromMicros: number;
  readonly toMicros: number;
  /** What lies before: the time of footage, null for nothing at all, undefined for not known. */
  readonly earlierMicros: number | null | undefined;
  /** What comes after: the time of footage, null for nothing at all, undefined for not known. */
  readonly laterMicros: number | null | undefined;
}

/** Stretches that touch or overlap are one. Pure data, sorted. */
export class KnownRanges {
  #ranges: KnownRange[] = [];

  add(range: KnownRange): void {
    if (!(range.toMicros > range.fromMicros)) return;
    let merged = range;
    const kept: KnownRange[] = [];
    for (const one of this.#ranges) {
      if (one.toMicros < merged.fromMicros || one.fromMicros > merged.toMicros) {
        kept.push(one);
        continue;
      }
      const first = one.fromMicros < merged.fromMicros ? one : merged;
      const last = one.toMicros > merged.toMicros ? one : merged;
      merged = {
        fromMicros: first.fromMicros,
        earlierMicros: first.earlierMicros,
        toMicros: last.toMicros,
        laterMicros: last.laterMicros,
      };
    }
    kept.push(merged);
    this.#ranges = kept.sort((a, b) => a.fromMicros - b.fromMicros);
  }

  /** The range that holds the time: `from <= time < to`. */
  at(micros: number): KnownRange | undefined {
    return this.#ranges.find(({ fromMicros, toMicros }) => fromMicros <= micros && micros < toMicros);
  }

  /** The range that holds the time just before this one: `from < time <= to`. */
  before(micros: number): KnownRange | undefined {
    return this.#ranges.find(({ fromMicros, toMicros }) => fromMicros < micros && micros <= toMicros);
  }

  /** Forgets what was known from `fromMicros` to `toMicros`. */
  cut(fromMicros: number, toMicros: number): void {
    this.#ranges = this.#ranges.flatMap((one) => {
      if (one.toMicros <= fromMicros || one.fromMicros >= toMicros) return [one];
      const parts: KnownRange[] = [];
      if (one.fromMicros < fromMicros) parts.push({ ...one, toMicros: fromMicros, laterMicros: undefined });
      if (one.toMicros > toMicros) parts.push({ ...one, fromMicros: toMicros, earlierMicros: undefined });
      return parts;
    });
  }

  clear(): void {
    this.#ranges = [];
  }
}
