/** Beyond these the sender has started anew rather than lost or reordered (RFC 3550, A.1). */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;

export const ORDER = { next: 0, late: -1, restart: -2 } as const;

/** Follows the sequence numbers of one stream (RFC 3550, A.1 and A.3). Positive results are numbers of lost packets. */
export class SequenceTracker {
  #started = false;
  #expected = 0;
  #lateNext = -1;
  #cycles = 0;
  #firstExtended = 0;
  received = 0;
  lost = 0;
  late = 0;

  /**
   * @returns how many packets are missing before this one (0 in order), `ORDER.late` for a duplicate or one that comes
   * too late, `ORDER.restart` when the sender counts from somewhere else.
   */
  accept(sequence: number): number {
    if (!this.#started) {
      this.#restartAt(sequence);
      return ORDER.next;
    }
    const ahead = (sequence - this.#expected) & 0xffff;
    if (ahead === 0) {
      this.#advance(sequence);
      return ORDER.next;
    }
    if (ahead < MAX_DROPOUT) {
      this.lost += ahead;
      this.#advance(sequence);
      return ahead;
    }
    if (ahead >= 0x10000 - MAX_MISORDER) {
      // Two late packets in a row that follow each other: not late, the sender went back a little.
      if (sequence !== this.#lateNext) {
        this.#lateNext = (sequence + 1) & 0xffff;
        this.late++;
        return ORDER.late;
      }
    }
    this.#restartAt(sequence);
    return ORDER.restart;
  }

  /** A new source: the next packet is the first. */
  reset(): void {
    this.#started = false;
  }

  /** Extended highest sequence number received, for receiver reports. */
  get extendedHighest(): number {
    return (((this.#cycles << 16) | ((this.#expected - 1) & 0xffff)) >>> 0) % 0x100000000;
  }

  /** Packets that should have come since the last restart. */
  get expectedCount(): number {
    return this.#started ? this.extendedHighest - this.#firstExtended + 1 : 0;
  }

  #advance(sequence: number): void {
    if (sequence < ((this.#expected - 1) & 0xffff)) this.#cycles = (this.#cycles + 1) & 0xffff;
    this.#expected = (sequence + 1) & 0xffff;
    this.#lateNext = -1;
    this.received++;
  }

  #restartAt(sequence: number): void {
    this.#started = true;
    this.#cycles = 0;
    this.#lateNext = -1;
    this.#firstExtended = sequence;
    this.#expected = (sequence + 1) & 0xffff;
    this.received = 1;
  }
}
