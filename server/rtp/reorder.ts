/** Packets held while one is missing. At 20 Mbit/s this is some 30 ms. */
const WINDOW = 64;
const SLOTS = 128;
/** How long a missing packet is waited for, in milliseconds. Longer only delays the picture. */
const MAX_WAIT_MS = 60;
const MAX_PACKET_BYTES = 65_536;

interface Slot {
  bytes: Uint8Array;
  length: number;
  sequence: number;
  full: boolean;
}

/** Where packets go, in order. Borrowed during the call. */
export type PacketTaker = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Puts UDP packets in order, within bounds. In-order packets pass without a copy; gaps that do not close in time are
 * skipped and left to the sequence tracker behind it, which counts them.
 */
export class ReorderBuffer {
  readonly #take: PacketTaker;
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(SLOTS).fill(undefined);
  #expected = -1;
  #held = 0;
  #gapSinceMs = 0;
  #jumpNext = -1;
  #jump: Uint8Array | undefined;

  constructor(take: PacketTaker) {
    this.#take = take;
  }

  push(bytes: Uint8Array, start: number, end: number, arrivalMs: number): void {
    if (end - start < 12 || end - start > MAX_PACKET_BYTES) return;
    const sequence = ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number);
    if (this.#expected < 0) this.#expected = sequence;
    const ahead = (sequence - this.#expected) & 0xffff;
    if (ahead === 0) {
      this.#pass(bytes, start, end, sequence);
      if (this.#held > 0) this.#drain();
    } else if (ahead < SLOTS) {
      if (this.#held === 0) this.#gapSinceMs = arrivalMs;
      this.#hold(bytes, start, end, sequence);
    } else if (ahead >= 0x10000 - SLOTS) {
      this.#take(bytes, start, end);
    } else {
      this.#far(bytes, start, end, sequence);
    }
    if (this.#held > 0 && (this.#held > WINDOW || arrivalMs - this.#gapSinceMs > MAX_WAIT_MS)) {
      this.#skipGap();
      this.#gapSinceMs = arrivalMs;
    }
  }

  /** A sender that counts from somewhere else is believed when a second packet follows the first. */
  #far(bytes: Uint8Array, start: number, end: number, sequence: number): void {
    const jump = this.#jump;
    if (sequence !== this.#jumpNext || jump === undefined) {
      this.#jump = bytes.slice(start, end);
      this.#jumpNext = (sequence + 1) & 0xffff;
      return;
    }
    while (this.#held > 0) this.#skipGap();
    this.#take(jump, 0, jump.length);
    this.#pass(bytes, start, end, sequence);
  }

  #pass(bytes: Uint8Array, start: number, end: number, sequence: number): void {
    this.#expected = (sequence + 1) & 0xffff;
    this.#jump = undefined;
    this.#jumpNext = -1;
    this.#take(bytes, start, end);
  }

  #hold(bytes: Uint8Array, start: number, end: number, sequence: number): void {
    const index = sequence % SLOTS;
    let slot = this.#slots[index];
    if (!slot) {
      slot = { bytes: new Uint8Array(Math.max(2048, end - start)), length: 0, sequence: 0, full: false };
      this.#slots[index] = slot;
    }
    if (slot.full) return;
    if (slot.bytes.length < end - start) slot.bytes = new Uint8Array(end - start);
    slot.bytes.set(bytes.subarray(start, end));
    slot.length = end - start;
    slot.sequence = sequence;
    slot.full = true;
    this.#held++;
  }

  #drain(): void {
    for (;;) {
      const slot = this.#slots[this.#expected % SLOTS];
      if (!slot?.full || slot.sequence !== this.#expected) return;
      slot.full = false;
      this.#held--;
      this.#pass(slot.bytes, 0, slot.length, slot.sequence);
    }
  }

  /** Gives up on what is missing before the oldest packet that is held. */
  #skipGap(): void {
    for (let i = 0; i < SLOTS; i++) {
      const sequence = (this.#expected + i) & 0xffff;
      const slot = this.#slots[sequence % SLOTS];
      if (!slot?.full || slot.sequence !== sequence) continue;
      this.#expected = sequence;
      this.#drain();
      return;
    }
    // Nothing that is held lies ahead any more: forget it.
    for (const slot of this.#slots) if (slot) slot.full = false;
    this.#held = 0;
  }
}
