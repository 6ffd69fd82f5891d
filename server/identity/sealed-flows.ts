import { randomBytes } from "node:crypto";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { micros } from "../../shared/lib/time.ts";
import { toDate } from "../db/time.ts";
import { ariaOpen, ariaSeal } from "../keys/aria.ts";
import type { NewFlow } from "./flows.ts";

/** What a stranger may begin, without any proof of who they are. */
export type StrangerFlowKind = "passwordless" | "oidc-start";

export interface SealedFlow<T> {
  readonly id: string;
  readonly data: T;
}

interface Inside {
  readonly id: string;
  readonly expiresMs: number;
  readonly data: unknown;
}

const FLOW_MS = 10 * 60_000;
/** 80 people a second, for all of the ten minutes, who proved who they are. */
const MAX_USED = 50_000;
const MAX_TOKEN = 4096;

/**
 * Exchanges that anybody may begin. The browser itself holds what was asked, sealed, so beginning millions of them takes
 * neither a row nor memory; one that was finished is remembered for as long as it could be answered again. The key lives
 * as long as the process: after a restart nothing opens, so nothing can be answered twice across it either.
 */
export class SealedFlows {
  readonly #clock: Clock;
  readonly #key = new Uint8Array(randomBytes(32));
  /** By id: when it would have ended. In order of finishing. */
  readonly #used = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(kind: StrangerFlowKind, data: unknown): NewFlow {
    const expiresMs = Math.floor(this.#clock.utcMicros() / 1000) + FLOW_MS;
    const inside: Inside = { id: randomBytes(16).toString("base64url"), expiresMs, data };
    const sealed = ariaSeal(this.#key, Buffer.from(JSON.stringify(inside), "utf8"), aad(kind));
    return { token: Buffer.from(sealed).toString("base64url"), expiresAt: toDate(micros(expiresMs * 1000)) };
  }

  /** Throws `auth.flow_expired`. */
  open<T>(kind: StrangerFlowKind, token: string): SealedFlow<T> {
    const { id, expiresMs, data } = this.#read(kind, token);
    if (expiresMs <= this.#clock.utcMicros() / 1000 || this.#used.has(id)) throw expired();
    return { id, data: data as T };
  }

  /**
   * Of two that finish the same flow at once, one does. Only after the proof: what strangers send must not fill the
   * memory. Throws `auth.flow_expired`, `auth.busy`.
   */
  finish({ id }: SealedFlow<unknown>): void {
    if (this.#used.has(id)) throw expired();
    const now = this.#clock.utcMicros() / 1000;
    for (const [known, untilMs] of this.#used) {
      if (untilMs > now) break;
      this.#used.delete(known);
    }
    if (this.#used.size >= MAX_USED) throw new FluxError("auth.busy", "too many sign-ins at once, try again shortly");
    // From now, not from its begin: then the map is in order, and the first one is the first to go.
    this.#used.set(id, now + FLOW_MS);
  }

  #read(kind: StrangerFlowKind, token: string): Inside {
    if (token.length > MAX_TOKEN) throw expired();
    try {
      const opened = ariaOpen(this.#key, new Uint8Array(Buffer.from(token, "base64url")), aad(kind));
      return JSON.parse(Buffer.from(opened).toString("utf8")) as Inside;
    } catch (cause) {
      throw expired(cause);
    }
  }
}

function aad(kind: StrangerFlowKind): string {
  return `fluxvision sealed flow v1|${kind}`;
}

function expired(cause?: unknown): FluxError {
  return new FluxError("auth.flow_expired", "this sign-in took too long or was used up, begin again", { cause });
}
