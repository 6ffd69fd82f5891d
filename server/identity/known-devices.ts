import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Users of one browser that it is remembered for. */
const MAX_ENTRIES = 6;
const MAX_COOKIE = 1024;
const ENTRY = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

/**
 * Browsers in which a user has signed in before carry a cookie that proves it. It opens nothing; it only gives the
 * device a count of failures of its own, so that guessing from elsewhere never slows down or refuses the user's own
 * device (OWASP: "Slow Down Online Guessing Attacks with Device Cookies"). The cookie names no user: an entry is a
 * random nonce and a MAC over nonce and user id.
 */
export class KnownDevices {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** Which device of this user's it is; undefined when it is none. */
  deviceOf(cookie: string | undefined, userId: string): string | undefined {
    return entries(cookie).find(([nonce, mac]) =>
      timingSafeEqual(this.#mac(nonce, userId), Buffer.from(mac, "base64url")),
    )?.[0];
  }

  /** The cookie after this user signed in; what it holds of other users stays, the oldest goes first. */
  remember(cookie: string | undefined, userId: string): string {
    const known = this.deviceOf(cookie, userId);
    const others = entries(cookie).filter(([nonce]) => nonce !== known);
    const nonce = known ?? randomBytes(16).toString("base64url");
    const own = [nonce, this.#mac(nonce, userId).toString("base64url")];
    return [own, ...others]
      .slice(0, MAX_ENTRIES)
      .map((entry) => entry.join("."))
      .join("~");
  }

  #mac(nonce: string, userId: string): Buffer {
    return createHmac("sha256", this.#key).update(`known device v1|${nonce}|${userId}`).digest();
  }
}

function entries(cookie: string | undefined): [nonce: string, mac: string][] {
  if (cookie === undefined || cookie.length > MAX_COOKIE) return [];
  return cookie
    .split("~")
    .slice(0, MAX_ENTRIES)
    .flatMap((text) => {
      const [, nonce, mac] = ENTRY.exec(text) ?? [];
      return nonce === undefined || mac === undefined ? [] : [[nonce, mac]];
    });
}
