import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../shared/lib/clock.ts";
import { FluxError } from "../shared/lib/errors.ts";
import type { Config } from "./config/env.ts";
import type { RelayWorkerData } from "./relay/protocol.ts";
import { tlsCertificate, webTransportCertificate } from "./tls/certificates.ts";

/** What the relay thread needs to listen: ports, certificates, limits. Throws `config.invalid` on unreadable files. */
export async function relayData(config: Config, clock: Clock, upstreamSocket: string): Promise<RelayWorkerData> {
  const folder = join(config.dataDir, "tls");
  const own = config.tlsFiles ? undefined : await tlsCertificate(folder, clock);
  const pinned = await webTransportCertificate(folder, clock);
  const certificate = own?.certificatePem ?? (await readPem(config.tlsFiles?.certificate, "FLUXVISION_TLS_CERT"));
  const privateKey = own?.privateKeyPem ?? (await readPem(config.tlsFiles?.privateKey, "FLUXVISION_TLS_KEY"));
  return {
    logLevel: config.logLevel,
    httpHost: config.host,
    httpPort: config.port,
    tls: { port: config.tlsPort, certificate, privateKey },
    // QUIC beside HTTPS: same number, UDP.
    webTransport: {
      port: config.tlsPort,
      certificate: pinned.certificatePem,
      privateKey: pinned.privateKeyPem,
      hashBase64: pinned.hashBase64,
    },
    upstreamSocket,
    quotaKbps: config.quotaKbps,
    allowedOrigins: config.allowedOrigins,
  };
}

async function readPem(path: string | undefined, name: string): Promise<string> {
  try {
    return await readFile(path ?? "", "utf8");
  } catch (cause) {
    throw new FluxError("config.invalid", `${name}: ${path} cannot be read`, { cause, field: name });
  }
}
