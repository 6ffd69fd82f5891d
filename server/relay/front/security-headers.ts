import { X509Certificate } from "node:crypto";

/** Of the answers that the front gives itself: they carry nothing that a browser should do anything with. */
export const FRONT_HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** The same, for answers that are written by hand. */
export const FRONT_HEADER_LINES = Object.entries(FRONT_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("");

const YEAR_SECONDS = 31_536_000;

/**
 * `Strict-Transport-Security` for a certificate (PEM) that an authority vouches for. Not for one that vouches for itself:
 * browsers would let nobody past their warning any more (RFC 6797, 8.4).
 */
export function strictTransport(certificatePem: string | undefined): string | undefined {
  if (certificatePem === undefined) return undefined;
  try {
    const certificate = new X509Certificate(certificatePem);
    const ownIssuer = certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);
    return ownIssuer ? undefined : `max-age=${YEAR_SECONDS}`;
  } catch {
    return undefined;
  }
}
