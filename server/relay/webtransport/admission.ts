export interface WebTransportLimits {
  readonly total: number;
  /** Handshakes under way and viewers that have not shown a valid token. */
  readonly strangers: number;
}

export const DEFAULT_WEBTRANSPORT_LIMITS: WebTransportLimits = { total: 1000, strangers: 64 };

export interface WebTransportEntry {
  /** No stranger any more. Once. */
  authenticated(): void;
  /** Idempotent. */
  leave(): void;
}

/**
 * Counts WebTransport viewers apart from the others: addresses are not known here, so that strangers are limited
 * together, and must not be able to use up the room of WebSocket viewers. Who is refused falls back to WebSocket.
 */
export class WebTransportAdmission {
  readonly #limits: WebTransportLimits;
  #total = 0;
  #strangers = 0;

  constructor(limits: WebTransportLimits = DEFAULT_WEBTRANSPORT_LIMITS) {
    this.#limits = limits;
  }

  /** Undefined when a limit is reached. */
  enter(): WebTransportEntry | undefined {
    if (this.#total >= this.#limits.total || this.#strangers >= this.#limits.strangers) return undefined;
    this.#total++;
    this.#strangers++;
    let state: "stranger" | "known" | "gone" = "stranger";
    return {
      authenticated: () => {
        if (state !== "stranger") return;
        state = "known";
        this.#strangers--;
      },
      leave: () => {
        if (state === "gone") return;
        if (state === "stranger") this.#strangers--;
        state = "gone";
        this.#total--;
      },
    };
  }
}
