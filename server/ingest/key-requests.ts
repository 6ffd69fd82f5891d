import type { Clock } from "../../shared/lib/clock.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { FromIngest } from "./protocol.ts";

/** An answer that does not come is asked for again after this long. */
const REPEAT_MS = 5_000;

/** Asks the main thread for epoch keys: in good time, and not again while an answer may be on its way. */
export class KeyRequests {
  readonly #clock: Clock;
  readonly #keys: KeyRing;
  readonly #send: (message: FromIngest) => void;
  readonly #askedAtMs = new Map<string, number>();

  constructor(clock: Clock, keys: KeyRing, send: (message: FromIngest) => void) {
    this.#clock = clock;
    this.#keys = keys;
    this.#send = send;
  }

  /** Of these cameras, asks for those whose key for now, or soon for the next epoch, is missing. */
  askIfDue(cameraIds: readonly string[]): void {
    this.ask(this.#keys.due(cameraIds, this.#clock.utcMicros() / 1_000_000));
  }

  ask(cameraIds: readonly string[]): void {
    const nowMs = this.#clock.monotonicMs();
    const ids = cameraIds.filter((id) => nowMs - (this.#askedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) >= REPEAT_MS);
    if (ids.length === 0) return;
    for (const id of ids) this.#askedAtMs.set(id, nowMs);
    this.#send({ type: "need-keys", cameraIds: ids, epoch: epochAt(this.#clock.utcMicros()) });
  }

  answered(cameraIds: Iterable<string>): void {
    for (const id of cameraIds) this.#askedAtMs.delete(id);
  }
}
