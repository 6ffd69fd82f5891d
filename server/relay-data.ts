import { join } from "node:path";
import type { Clock } from "../shared/lib/clock.ts";
import type { Config } from "./config/env.ts";
import type { KeyPair, RelayCertificates, RelayWorkerData } from "./relay/protocol.ts";
import { readTlsFiles } from "./tls/certificate-files.ts";
import { type Certificate, tlsCertificate, webTransportCertificate } from "./tls/certificates.ts";

/** What the relay thread needs to listen: ports, certificates, limits. */
export function relayData(config: Config, certificates: RelayCertificates, upstreamSocket: string): RelayWorkerData {
  return {
    logLevel: config.logLevel,
    httpHost: config.host,
    httpPort: config.port,
    tls: { port: config.tlsPort, ...certificates.tls },
    // QUIC beside HTTPS: same number, UDP.
    webTransport: { port: config.tlsPort, ...certificates.webTransport },
    upstreamSocket,
    quotaKbps: config.quotaKbps,
    allowedOrigins: config.allowedOrigins,
    front: config.front,
  };
}

/**
 * The certificates to serve now: the operator's file for HTTPS as it is at this moment, or our own, made or renewed
 * where that is due. Throws `config.invalid` on files that cannot be served.
 */
export async function relayCertificates(
  config: Pick<Config, "dataDir" | "tlsFiles">,
  clock: Clock,
): Promise<RelayCertificates> {
  const folder = join(config.dataDir, "tls");
  const pinned = await webTransportCertificate(folder, clock);
  const { tlsFiles } = config;
  const tls = tlsFiles ? await readTlsFiles(tlsFiles, clock) : keyPair(await tlsCertificate(folder, clock));
  return { tls, webTransport: { ...keyPair(pinned), hashBase64: pinned.hashBase64 } };
}

function keyPair({ certificatePem, privateKeyPem }: Certificate): KeyPair {
  return { certificate: certificatePem, privateKey: privateKeyPem };
}
