import { createHash, randomBytes } from "node:crypto";

/** Scanners of source code and logs find what leaks by this. */
export const TOKEN_PREFIX = "fvt_";
export const ENROL_PREFIX = "fve_";

const SECRET_BYTES = 32;
const TOKEN = /^fvt_[A-Za-z0-9_-]{43}$/;
const ENROL = /^fve_[A-Za-z0-9_-]{43}$/;

export interface NewSecret {
  /** Shown once. */
  readonly text: string;
  readonly hash: Uint8Array;
  /** What may be shown again: enough to recognise it, useless to guess it. */
  readonly hint: string;
}

export function createToken(): NewSecret {
  return create(TOKEN_PREFIX);
}

/** The one-time code in a wall display's link. */
export function createEnrolCode(): NewSecret {
  return create(ENROL_PREFIX);
}

/** Undefined when it cannot be one of ours: costs no query. */
export function hashOfToken(text: string): Uint8Array | undefined {
  return TOKEN.test(text) ? hash(text) : undefined;
}

export function hashOfEnrolCode(text: string): Uint8Array | undefined {
  return ENROL.test(text) ? hash(text) : undefined;
}

function create(prefix: string): NewSecret {
  const text = `${prefix}${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { text, hash: hash(text), hint: text.slice(0, prefix.length + 4) };
}

function hash(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text).digest());
}
