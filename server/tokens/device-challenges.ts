import { createHmac, createPublicKey, hkdfSync, randomBytes, timingSafeEqual, verify } from "node:crypto";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";

const LIFE_SECONDS = 60;
const MAX_USED = 10_000;
const FORMAT = /^([A-Za-z0-9_-]{22})\.(\d{10,12})\.([A-Za-z0-9_-]{43})$/;
const POINT_BYTES = 65;
const SIGNATURE_BYTES = 64;

/**
 * What a display signs to prove that it still holds its key. A challenge carries its own MAC, so asking for many of them
 * costs no memory; one that was answered is remembered for the minute in which it could be answered again.
 */
export class DeviceChallenges {
  readonly #clock: Clock;
  readonly #key: Uint8Array;
  readonly #used = new Map<string, number>();

  constructor(clock: Clock, key: Uint8Array) {
    this.#clock = clock;
    this.#key = new Uint8Array(hkdfSync("sha256", key, "", "fluxvision device challenge v1", 32));
  }

  issue(deviceId: string): { readonly challenge: string; readonly expiresAt: Date } {
    const expires = Math.floor(this.#clock.utcMicros() / 1_000_000) + LIFE_SECONDS;
    const nonce = randomBytes(16).toString("base64url");
    const mac = this.#mac(deviceId, nonce, expires).toString("base64url");
    return { challenge: `${nonce}.${expires}.${mac}`, expiresAt: new Date(expires * 1000) };
  }

  /** Whether the device's key signed this challenge, which counts once. Throws `device.bad_proof`. */
  redeem(deviceId: string, challenge: string, signature: string, publicKey: Uint8Array): void {
    const [, nonce = "", expires = "", mac = ""] = FORMAT.exec(challenge) ?? [];
    if (mac === "") throw badProof();
    const expected = this.#mac(deviceId, nonce, Number(expires));
    if (!timingSafeEqual(expected, Buffer.from(mac, "base64url"))) throw badProof();
    const now = this.#clock.utcMicros() / 1_000_000;
    if (Number(expires) <= now || this.#used.has(nonce)) throw badProof();
    const signed = Buffer.from(`fluxvision device v1|${deviceId}|${challenge}`, "utf8");
    const bytes = Buffer.from(signature, "base64");
    if (bytes.byteLength !== SIGNATURE_BYTES) throw badProof();
    const key = { key: toKey(publicKey), dsaEncoding: "ieee-p1363" } as const;
    if (!verify("sha256", signed, key, bytes)) throw badProof();
    for (const [known, until] of this.#used) if (until <= now) this.#used.delete(known);
    if (this.#used.size >= MAX_USED) throw new FluxError("auth.busy", "too many displays sign in, try again shortly");
    this.#used.set(nonce, Number(expires));
  }

  #mac(deviceId: string, nonce: string, expires: number): Buffer {
    return createHmac("sha256", this.#key).update(`${deviceId}|${nonce}|${expires}`).digest();
  }
}

/** Throws `device.bad_key` for what is no point on P-256. */
export function checkedPublicKey(base64: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  try {
    if (bytes.byteLength !== POINT_BYTES || bytes[0] !== 4) throw new RangeError("not an uncompressed point");
    toKey(bytes);
  } catch (cause) {
    throw new FluxError("device.bad_key", "not an uncompressed P-256 point", { cause, field: "publicKey" });
  }
  return bytes;
}

function toKey(point: Uint8Array): ReturnType<typeof createPublicKey> {
  const part = (from: number): string => Buffer.from(point.subarray(from, from + 32)).toString("base64url");
  return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x: part(1), y: part(33) } });
}

function badProof(): FluxError {
  return new FluxError("device.bad_proof", "the display's key does not fit, or the challenge is not good any more");
}
