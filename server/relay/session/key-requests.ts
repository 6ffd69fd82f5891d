import type { Clock } from "../../../shared/lib/clock.ts";
import { TokenBucket } from "../../../shared/lib/token-bucket.ts";
import type { ClientMessage, ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { WrappedKey } from "../protocol.ts";

type NeedKey = Extract<ClientMessage, { type: "need_key" }>;

const PER_SECOND = 20;
/** A wall of 64 cameras may miss two keys each at once (an ingest worker started again). */
const BURST = 256;

export interface KeyRequestsOptions {
  readonly clock: Clock;
  readonly fetch: (request: NeedKey) => Promise<WrappedKey | undefined>;
  readonly send: (message: ServerMessage) => void;
}

/** Single keys that a viewer misses. The main thread decides again, each time, whether it may have them. */
export class KeyRequests {
  readonly #options: KeyRequestsOptions;
  readonly #bucket: TokenBucket;
  readonly #underWay = new Set<string>();
  #closed = false;

  constructor(options: KeyRequestsOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(PER_SECOND, BURST, options.clock);
  }

  add(request: NeedKey): void {
    const name = `${request.cameraId} ${request.keyId}.${request.generation}.${request.epoch}`;
    if (this.#closed || this.#underWay.has(name)) return;
    if (!this.#bucket.take()) {
      this.#options.send({ type: "error", code: "relay.rate_limited", message: "too many key requests" });
      return;
    }
    this.#underWay.add(name);
    void this.#answer(name, request);
  }

  close(): void {
    this.#closed = true;
  }

  async #answer(name: string, request: NeedKey): Promise<void> {
    // A refusal and a failure look alike: which keys exist is nobody's business.
    const key = await this.#options.fetch(request).catch(() => undefined);
    this.#underWay.delete(name);
    if (this.#closed) return;
    if (key) this.#options.send({ type: "keys", keys: [key] });
    else {
      const message = "this key is not available";
      this.#options.send({ type: "error", code: "relay.no_key", message, field: request.cameraId });
    }
  }
}
