import { createHash, randomBytes } from "node:crypto";
import { FluxError } from "../../shared/lib/errors.ts";

export interface Challenge {
  readonly scheme: "basic" | "digest";
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_CHALLENGE_BYTES = 8192;

/** WWW-Authenticate values (RFC 7235, 4.1): several challenges in one value or in several. Unknown schemes are left out. */
export function parseChallenges(values: readonly string[]): Challenge[] {
  const challenges: Challenge[] = [];
  for (const value of values.slice(0, 8)) {
    if (value.length > MAX_CHALLENGE_BYTES) continue;
    let parameters: Map<string, string> | undefined;
    const pattern = /(?:([A-Za-z][A-Za-z0-9-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))|([A-Za-z][A-Za-z0-9-]*)/g;
    for (const match of value.matchAll(pattern)) {
      if (match[4] !== undefined) {
        const scheme = match[4].toLowerCase();
        parameters = undefined;
        if (scheme !== "basic" && scheme !== "digest") continue;
        parameters = new Map();
        challenges.push({ scheme, parameters });
      } else if (parameters && match[1] !== undefined) {
        parameters.set(match[1].toLowerCase(), match[2]?.replace(/\\(.)/g, "$1") ?? match[3] ?? "");
      }
    }
  }
  return challenges;
}

interface Algorithm {
  readonly name: string;
  readonly hash: "md5" | "sha256" | "sha512-256";
  readonly session: boolean;
  readonly strength: number;
}

const ALGORITHMS: readonly Algorithm[] = [
  { name: "MD5", hash: "md5", session: false, strength: 1 },
  { name: "MD5-SESS", hash: "md5", session: true, strength: 1 },
  { name: "SHA-256", hash: "sha256", session: false, strength: 2 },
  { name: "SHA-256-SESS", hash: "sha256", session: true, strength: 2 },
  { name: "SHA-512-256", hash: "sha512-256", session: false, strength: 3 },
  { name: "SHA-512-256-SESS", hash: "sha512-256", session: true, strength: 3 },
];

/**
 * Answers a camera's challenges for one host: Digest (RFC 7616: MD5, SHA-256, SHA-512-256, qop none, auth, auth-int), else
 * Basic. The strongest offer is taken, and once Digest was offered, Basic is never given.
 */
export class Authenticator {
  readonly #username: string;
  readonly #password: string;
  readonly #allowBasic: boolean;
  readonly #cnonce: string;
  #challenge: Challenge | undefined;
  #algorithm: Algorithm | undefined;
  #digestSeen = false;
  #nonceCount = 0;

  /** @param allowBasic false where the password itself must not be sent: to a host that a redirect named. */
  constructor(username: string, password: string, allowBasic: boolean, cnonce = randomBytes(16).toString("hex")) {
    if (/[\p{Cc}]/u.test(username) || /[\p{Cc}]/u.test(password)) {
      throw new FluxError("rtsp.address", "user name or password contains control characters", { field: "username" });
    }
    this.#username = username;
    this.#password = password;
    this.#allowBasic = allowBasic;
    this.#cnonce = cnonce;
  }

  /** Takes the challenges of a 401. Returns what to do about them. */
  accept(values: readonly string[]): "answer" | "stale" | "unsupported" {
    const challenges = parseChallenges(values);
    let best: Challenge | undefined;
    let bestAlgorithm: Algorithm | undefined;
    for (const challenge of challenges) {
      if (challenge.scheme !== "digest" || !challenge.parameters.get("nonce")) continue;
      this.#digestSeen = true;
      const name = (challenge.parameters.get("algorithm") ?? "MD5").toUpperCase();
      const algorithm = ALGORITHMS.find((known) => known.name === name);
      if (!algorithm || algorithm.strength <= (bestAlgorithm?.strength ?? 0)) continue;
      best = challenge;
      bestAlgorithm = algorithm;
    }
    if (!best && !this.#digestSeen && this.#allowBasic) best = challenges.find(({ scheme }) => scheme === "basic");
    if (!best) return "unsupported";
    this.#challenge = best;
    this.#algorithm = bestAlgorithm;
    this.#nonceCount = 0;
    return best.parameters.get("stale")?.toLowerCase() === "true" ? "stale" : "answer";
  }

  /** The Authorization header for the next request; undefined before a challenge. Counts `nc`. */
  authorization(method: string, uri: string): string | undefined {
    const challenge = this.#challenge;
    if (!challenge) return undefined;
    if (challenge.scheme === "basic") {
      return `Basic ${Buffer.from(`${this.#username}:${this.#password}`, "utf8").toString("base64")}`;
    }
    const algorithm = this.#algorithm ?? (ALGORITHMS[0] as Algorithm);
    const hash = (text: string): string => createHash(algorithm.hash).update(text, "utf8").digest("hex");
    const parameters = challenge.parameters;
    const realm = parameters.get("realm") ?? "";
    const nonce = parameters.get("nonce") ?? "";
    const offered = (parameters.get("qop") ?? "").split(",").map((text) => text.trim().toLowerCase());
    const qop = offered.includes("auth") ? "auth" : offered.includes("auth-int") ? "auth-int" : undefined;
    this.#nonceCount++;
    const nc = this.#nonceCount.toString(16).padStart(8, "0");
    let secret = hash(`${this.#username}:${realm}:${this.#password}`);
    if (algorithm.session) secret = hash(`${secret}:${nonce}:${this.#cnonce}`);
    const request = hash(qop === "auth-int" ? `${method}:${uri}:${hash("")}` : `${method}:${uri}`);
    const response = qop
      ? hash(`${secret}:${nonce}:${nc}:${this.#cnonce}:${qop}:${request}`)
      : hash(`${secret}:${nonce}:${request}`);
    const fields = [
      `username=${quote(this.#username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      `response="${response}"`,
    ];
    const named = parameters.get("algorithm");
    if (named !== undefined) fields.push(`algorithm=${algorithm.name.replace("-SESS", "-sess")}`);
    const opaque = parameters.get("opaque");
    if (opaque !== undefined) fields.push(`opaque=${quote(opaque)}`);
    if (qop) fields.push(`qop=${qop}`, `nc=${nc}`);
    if (qop || algorithm.session) fields.push(`cnonce="${this.#cnonce}"`);
    return `Digest ${fields.join(", ")}`;
  }
}

/** A quoted-string. Line breaks cannot be in it: header values are single lines, credentials are checked. */
function quote(text: string): string {
  return `"${text.replace(/[\r\n]/g, "").replace(/(["\\])/g, "\\$1")}"`;
}
