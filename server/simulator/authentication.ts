import { createHash, timingSafeEqual } from "node:crypto";

/** Which schemes the camera offers, in the order of its challenges. */
export type AuthScheme = "basic" | "digest-md5" | "digest-sha-256";

export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly schemes: readonly AuthScheme[];
}

const realm = "FluxVision simulator";
const algorithms = {
  "digest-md5": { header: "MD5", hash: "md5" },
  "digest-sha-256": { header: "SHA-256", hash: "sha256" },
};

/** The values of the WWW-Authenticate headers of a 401 answer (RFC 7617, RFC 7616). */
export function challenges(schemes: readonly AuthScheme[], nonce: string): string[] {
  return schemes.map((scheme) =>
    scheme === "basic"
      ? `Basic realm="${realm}"`
      : `Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithms[scheme].header}, qop="auth"`,
  );
}

const equal = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left, "latin1"), Buffer.from(right, "latin1"));

function parseParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, bare] of text.matchAll(/([a-zA-Z]+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    parameters.set(name.toLowerCase(), quoted ?? bare ?? "");
  }
  return parameters;
}

function digestMatches(text: string, method: string, nonce: string, credentials: Credentials): boolean {
  const given = parseParameters(text);
  const scheme: AuthScheme = given.get("algorithm")?.toUpperCase() === "SHA-256" ? "digest-sha-256" : "digest-md5";
  if (!credentials.schemes.includes(scheme)) return false;
  if (given.get("username") !== credentials.user || given.get("nonce") !== nonce || given.get("realm") !== realm)
    return false;
  const digest = (value: string): string => createHash(algorithms[scheme].hash).update(value).digest("hex");
  const secret = digest(`${credentials.user}:${realm}:${credentials.password}`);
  const request = digest(`${method}:${given.get("uri") ?? ""}`);
  // RFC 2069's form without qop is what most RTSP clients send.
  const middle = given.has("qop") ? `${nonce}:${given.get("nc")}:${given.get("cnonce")}:${given.get("qop")}` : nonce;
  return equal(digest(`${secret}:${middle}:${request}`), given.get("response") ?? "");
}

/** Does the Authorization header prove the password? `nonce` is this connection's. */
export function isAuthorised(
  header: string | undefined,
  method: string,
  nonce: string,
  credentials: Credentials,
): boolean {
  const [, scheme = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(header ?? "") ?? [];
  if (scheme.toLowerCase() === "digest") return digestMatches(rest, method, nonce, credentials);
  if (scheme.toLowerCase() !== "basic" || !credentials.schemes.includes("basic")) return false;
  return equal(rest.trim(), Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64"));
}
