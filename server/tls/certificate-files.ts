import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface TlsPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * Reads the operator's certificate and key and makes sure that they can be served: a pair that does not fit (one of the
 * two is just being replaced), that has ended or that OpenSSL refuses must not take the place of one that works. Throws
 * `config.invalid`, naming the setting.
 */
export async function readTlsFiles(files: TlsFiles, clock: Clock): Promise<TlsPair> {
  const certificate = await readPem(files.certificate, "FLUXVISION_TLS_CERT");
  const privateKey = await readPem(files.privateKey, "FLUXVISION_TLS_KEY");
  const bad = (field: string, reason: string, cause?: unknown): FluxError =>
    new FluxError("config.invalid", `${field}: ${reason}`, { field, ...(cause === undefined ? {} : { cause }) });
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(certificate);
  } catch (cause) {
    throw bad("FLUXVISION_TLS_CERT", "holds no certificate in PEM", cause);
  }
  if (Date.parse(leaf.validTo) <= clock.utcMicros() / 1000) {
    throw bad("FLUXVISION_TLS_CERT", `the certificate has ended on ${leaf.validTo}`);
  }
  let fits: boolean;
  try {
    fits = leaf.checkPrivateKey(createPrivateKey(privateKey));
  } catch (cause) {
    throw bad("FLUXVISION_TLS_KEY", "holds no private key in PEM without a passphrase", cause);
  }
  if (!fits) throw bad("FLUXVISION_TLS_KEY", "is not the key of the certificate");
  try {
    createSecureContext({ cert: certificate, key: privateKey });
  } catch (cause) {
    throw bad("FLUXVISION_TLS_CERT", "cannot be served", cause);
  }
  return { certificate, privateKey };
}

/** For whoever watches; undefined where there are no files. */
export function watchedFiles(files: TlsFiles | undefined): (() => Promise<string>) | undefined {
  return files && (() => tlsFilesState(files));
}

/** Changes when one of the files is written, or replaced by renaming or by turning a link (as Kubernetes does). */
export async function tlsFilesState(files: TlsFiles): Promise<string> {
  const states = await Promise.all(
    [files.certificate, files.privateKey].map(async (path) => {
      const found = await stat(path, { bigint: true }).catch(() => undefined);
      return found ? `${found.dev}.${found.ino}.${found.size}.${found.mtimeNs}` : "missing";
    }),
  );
  return states.join(" ");
}

async function readPem(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new FluxError("config.invalid", `${name}: ${path} cannot be read`, { cause, field: name });
  }
}
