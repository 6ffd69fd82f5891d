import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Principal } from "../auth/policy.ts";

/** What a signed address is good for. One that was made for one purpose is refused for every other. */
export type UrlPurpose = "export-download" | "case-report" | "audit-export";

export interface SignedGrant {
  readonly purpose: UrlPurpose;
  /** Id of the one thing it opens. */
  readonly resource: string;
  /** µs UTC, where the grant is for a part of the thing. */
  readonly range?: { readonly startMicros: number; readonly endMicros: number };
}

export interface RedeemedUrl {
  /** As of now. */
  readonly principal: Principal;
  readonly resource: string;
  readonly range: SignedGrant["range"];
}

/** A browser's download begins soon, and may be taken up again (Range) within the same time. */
const LIFE_SECONDS = 5 * 60;
const MAX_LENGTH = 1024;
const FORMAT = /^([A-Za-z0-9_-]{1,960})\.([A-Za-z0-9_-]{43})$/;

const payload = z.object({
  p: z.string(),
  /** Session, token or device that asked for it. */
  s: z.string().max(64),
  u: z.string().max(64),
  r: z.string().max(256),
  t: z.tuple([z.number(), z.number()]).optional(),
  /** Unix seconds. */
  e: z.number().int(),
});

export interface SignedUrlsParts {
  readonly clock: Clock;
  /** Who the session, token or device is now; throws when it has ended. */
  readonly principalOf: (sessionId: string) => Promise<Principal>;
  /** 32 bytes; a key for this use alone is derived from it. */
  readonly key: Uint8Array;
}

/**
 * A browser saves what an address points to and sends no Authorization header with it. Such an address therefore says
 * itself, under a MAC, who asked, for which one thing and until when. It stands for the asker's rights at the time of
 * use: after sign-out, a block or a withdrawn right it opens nothing.
 */
export class SignedUrls {
  readonly #parts: SignedUrlsParts;
  readonly #key: Uint8Array;

  constructor(parts: SignedUrlsParts) {
    this.#parts = parts;
    this.#key = new Uint8Array(hkdfSync("sha256", parts.key, "", "fluxvision signed url v1", 32));
  }

  /** One path segment. */
  issue({ userId, sessionId }: Principal, { purpose, resource, range }: SignedGrant): string {
    const e = Math.floor(this.#parts.clock.utcMicros() / 1_000_000) + LIFE_SECONDS;
    const t = range === undefined ? {} : { t: [range.startMicros, range.endMicros] };
    const text = JSON.stringify({ p: purpose, s: sessionId, u: userId, r: resource, ...t, e });
    const body = Buffer.from(text).toString("base64url");
    return `${body}.${this.#mac(body).toString("base64url")}`;
  }

  /**
   * `caller`: who calls, where the request says so; an address works for nobody else. Throws `url.invalid` (changed,
   * expired, for another purpose, for another user), and what ended the asker's session.
   */
  async redeem(ticket: string, purpose: UrlPurpose, caller?: Principal): Promise<RedeemedUrl> {
    const [, body = "", mac = ""] = (ticket.length <= MAX_LENGTH && FORMAT.exec(ticket)) || [];
    if (mac === "" || !timingSafeEqual(this.#mac(body), Buffer.from(mac, "base64url"))) throw invalid();
    const parsed = payload.safeParse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
    if (!parsed.success) throw invalid();
    const { p, s, u, r, t, e } = parsed.data;
    if (p !== purpose || e * 1_000_000 <= this.#parts.clock.utcMicros()) throw invalid();
    if (caller !== undefined && caller.userId !== u) throw invalid();
    const principal = await this.#parts.principalOf(s);
    if (principal.userId !== u) throw invalid();
    return { principal, resource: r, range: t && { startMicros: t[0], endMicros: t[1] } };
  }

  #mac(body: string): Buffer {
    return createHmac("sha256", this.#key).update(body).digest();
  }
}

function invalid(): FluxError {
  return new FluxError("url.invalid", "this link is not valid any more");
}
