import { createHash, webcrypto, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
// The certificate library asks for it at load.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import type { Clock } from "../../shared/lib/clock.ts";

export interface Certificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** SHA-256 of the DER, base64: what a browser takes as `serverCertificateHashes`. */
  readonly hashBase64: string;
  readonly notAfterMs: number;
}

const DAY_MS = 86_400_000;
/** A browser refuses a hash-pinned certificate that is valid for longer than 14 days (W3C WebTransport, 6.1). */
const WEBTRANSPORT_VALIDITY_MS = 13 * DAY_MS;
const WEBTRANSPORT_RENEW_BEFORE_MS = 6 * DAY_MS;
const TLS_VALIDITY_MS = 397 * DAY_MS;
const TLS_RENEW_BEFORE_MS = 30 * DAY_MS;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** The certificate for HTTPS that the server makes itself when it is given none; kept in the data folder. */
export function tlsCertificate(folder: string, clock: Clock): Promise<Certificate> {
  return loadOrCreate(folder, "tls", TLS_VALIDITY_MS, TLS_RENEW_BEFORE_MS, clock);
}

/** The short-lived certificate whose hash browsers pin. */
export function webTransportCertificate(folder: string, clock: Clock): Promise<Certificate> {
  return loadOrCreate(folder, "webtransport", WEBTRANSPORT_VALIDITY_MS, WEBTRANSPORT_RENEW_BEFORE_MS, clock);
}

async function loadOrCreate(
  folder: string,
  name: string,
  validityMs: number,
  renewBeforeMs: number,
  clock: Clock,
): Promise<Certificate> {
  const nowMs = clock.utcMicros() / 1000;
  const path = join(folder, `${name}.pem`);
  const kept = await readCertificate(path);
  if (kept && kept.notAfterMs - nowMs > renewBeforeMs) return kept;
  const made = await createCertificate(nowMs, validityMs);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Renamed into place: a crash leaves the old pair or the new one, never half of each.
  await writeFile(`${path}.new`, made.certificatePem + made.privateKeyPem, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return made;
}

async function readCertificate(path: string): Promise<Certificate | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  const split = text?.indexOf("-----BEGIN PRIVATE KEY-----") ?? -1;
  if (text === undefined || split < 0) return undefined;
  return describe(text.slice(0, split), text.slice(split));
}

function describe(certificatePem: string, privateKeyPem: string): Certificate {
  const parsed = new X509Certificate(certificatePem);
  return {
    certificatePem,
    privateKeyPem,
    hashBase64: createHash("sha256").update(parsed.raw).digest("base64"),
    notAfterMs: Date.parse(parsed.validTo),
  };
}

async function createCertificate(nowMs: number, validityMs: number): Promise<Certificate> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString("hex"),
      name: "CN=FluxVision",
      // A minute back, for clients whose clock is a little behind.
      notBefore: new Date(nowMs - 60_000),
      notAfter: new Date(nowMs - 60_000 + validityMs),
      signingAlgorithm: ALGORITHM,
      keys: keys as CryptoKeyPair,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([...dnsNames(), ...addresses()]),
      ],
    },
    webcrypto as Crypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const privateKeyPem = `-----BEGIN PRIVATE KEY-----\n${(pkcs8.match(/.{1,64}/g) ?? []).join("\n")}\n-----END PRIVATE KEY-----\n`;
  return describe(`${certificate.toString("pem").trim()}\n`, privateKeyPem);
}

function dnsNames(): x509.JsonGeneralName[] {
  return [...new Set(["localhost", hostname()])].map((value) => ({ type: "dns" as const, value }));
}

function addresses(): x509.JsonGeneralName[] {
  const found = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const values = found.filter((entry) => !entry.address.startsWith("fe80:")).map((entry) => entry.address);
  return [...new Set(["127.0.0.1", "::1", ...values])].map((value) => ({ type: "ip" as const, value }));
}
