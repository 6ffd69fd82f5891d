import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const FORMAT = new RegExp(`^(${UUID})\\.(\\d{1,9})\\.([A-Za-z0-9_-]{43})\\.([A-Za-z0-9_-]{43})$`);

export interface RefreshToken {
  readonly sessionId: string;
  readonly rotation: number;
  readonly secret: string;
  /** SHA-256 of the secret part: what the database keeps. */
  readonly hash: Uint8Array;
}

export interface NewToken {
  readonly text: string;
  readonly hash: Uint8Array;
}

/**
 * `session.rotation.secret.mac`. The MAC makes a reused token (once ours, now old) distinguishable from an invented
 * one: only the former ends the session, so that knowing a session's id is not enough to end it.
 */
export function createRefreshToken(macKey: Uint8Array, sessionId: string): NewToken {
  return tokenOf(macKey, sessionId, 0, randomBytes(32).toString("base64url"));
}

/**
 * The token that follows this one, always the same: who asks twice because the answer got lost is given what the first
 * answer held. Without the key nobody derives it.
 */
export function nextRefreshToken(macKey: Uint8Array, token: RefreshToken): NewToken {
  const rotation = token.rotation + 1;
  const secret = mac(macKey, `next|${token.sessionId}|${rotation}|${token.secret}`).toString("base64url");
  return tokenOf(macKey, token.sessionId, rotation, secret);
}

function tokenOf(macKey: Uint8Array, sessionId: string, rotation: number, secret: string): NewToken {
  const body = `${sessionId}.${rotation}.${secret}`;
  return { text: `${body}.${mac(macKey, body).toString("base64url")}`, hash: hashOf(secret) };
}

/** Undefined when we never gave out such a token. */
export function parseRefreshToken(macKey: Uint8Array, text: string): RefreshToken | undefined {
  const [, sessionId = "", rotation = "", secret = "", tag = ""] = FORMAT.exec(text) ?? [];
  if (tag === "") return undefined;
  const expected = mac(macKey, `${sessionId}.${rotation}.${secret}`);
  if (!timingSafeEqual(expected, Buffer.from(tag, "base64url"))) return undefined;
  return { sessionId, rotation: Number(rotation), secret, hash: hashOf(secret) };
}

function mac(key: Uint8Array, body: string): Buffer {
  return createHmac("sha256", key).update(body).digest();
}

function hashOf(secret: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}
