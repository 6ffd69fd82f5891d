/**
 * Ways in which a camera misbehaves, for tests. One of each kind can be active; `heal()` ends all of them.
 * The ones marked "once" happen at the next picture and leave nothing behind.
 */
export type Fault =
  /** Random bytes before each picture's packets (TCP only). They hold no `$` unless `withDollar`. */
  | { readonly kind: "garbage"; readonly bytes: number; readonly withDollar?: boolean }
  /** No media any more; the connection and its RTSP answers stay. */
  | { readonly kind: "stall" }
  /** Neither media nor answers; sockets stay open, as after a power cut behind a NAT. */
  | { readonly kind: "half-open" }
  /** Once: RTP timestamps jump by so many 90 kHz ticks (negative: back). */
  | { readonly kind: "timestamp-jump"; readonly ticks90k: number }
  /** Once: the sequence number moves to just below its wrap. */
  | { readonly kind: "sequence-wrap" }
  /** Once: another clip, so other parameter sets and picture size, without a new DESCRIBE. */
  | { readonly kind: "switch-clip"; readonly clip: string }
  /** Pictures come at this share of the clip's rate (0.01 to 1). */
  | { readonly kind: "slow"; readonly ratio: number }
  /** Every request is answered with this status and the connection closed; without one it is closed unanswered. */
  | { readonly kind: "refuse"; readonly status?: number }
  /** Every password is wrong. */
  | { readonly kind: "wrong-password" }
  /** This share of RTP packets (0 to 1) is left out, chosen by a seeded generator. */
  | { readonly kind: "packet-loss"; readonly ratio: number; readonly seed?: number }
  /** Every second packet changes places with the one before it (UDP only). */
  | { readonly kind: "reorder" }
  /** Sender reports carry a wall clock that is off by so much. */
  | { readonly kind: "wrong-clock"; readonly offsetMs: number }
  /** Once: all connections to the camera are cut, without TEARDOWN. */
  | { readonly kind: "disconnect" };

export type FaultKind = Fault["kind"];

/** The active faults of one camera, shared by its streams and connections. */
export class FaultSet {
  readonly #active = new Map<FaultKind, Fault>();

  set(fault: Fault): void {
    this.#active.set(fault.kind, fault);
  }

  clear(): void {
    this.#active.clear();
  }

  has(kind: FaultKind): boolean {
    return this.#active.has(kind);
  }

  get<K extends FaultKind>(kind: K): Extract<Fault, { kind: K }> | undefined {
    return this.#active.get(kind) as Extract<Fault, { kind: K }> | undefined;
  }
}

/** Small seeded generator (mulberry32): the same seed loses the same packets in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
