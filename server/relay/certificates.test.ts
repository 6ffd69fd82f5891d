import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { type Certificate, tlsCertificate } from "../tls/certificates.ts";
import type { KeyPair } from "./protocol.ts";
import { openRelayServer } from "./server.ts";
import { WebTransportAdmission } from "./webtransport/admission.ts";
import type { WebTransportListener } from "./webtransport/listener.ts";
import { WebTransportSlot } from "./webtransport/slot.ts";

const clock = systemClock();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "relay-certificates-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const pair = ({ certificatePem, privateKeyPem }: Certificate): KeyPair => ({
  certificate: certificatePem,
  privateKey: privateKeyPem,
});

/** Fingerprint of what the server shows to a new client. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // Only looked at: the certificate is our own.
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "none");
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

it("a renewed certificate is shown to new clients of HTTPS, without a new listener", async () => {
  const [first, second] = [
    await tlsCertificate(join(folder, "1"), clock),
    await tlsCertificate(join(folder, "2"), clock),
  ];
  const relay = await openRelayServer(
    {
      logLevel: "silent",
      httpHost: "127.0.0.1",
      httpPort: 0,
      tls: { port: 0, ...pair(first) },
      webTransport: undefined,
      upstreamSocket: join(folder, "main.sock"),
      quotaKbps: 50_000,
      allowedOrigins: [],
    },
    () => undefined,
    clock,
  );
  const port = relay.ready.tlsPort ?? -1;
  expect(await shown(port)).toBe(new X509Certificate(first.certificatePem).fingerprint256);
  await relay.setCertificates({ tls: pair(second), webTransport: { ...pair(second), hashBase64: "" } });
  expect(await shown(port)).toBe(new X509Certificate(second.certificatePem).fingerprint256);
  expect(relay.ready.tlsPort).toBe(port);
  await relay.close();
});

describe("WebTransport's listener", () => {
  const events: string[] = [];
  let fail = false;
  const open = (): WebTransportSlot =>
    new WebTransportSlot(
      { host: "127.0.0.1", admission: new WebTransportAdmission(), accept: () => ({}) as never, clock },
      async ({ port, certificate }) => {
        if (fail) throw new FluxError("webtransport.unavailable", "not here", { cause: new Error("in full") });
        events.push(`open ${certificate}`);
        return { port, close: async () => events.push(`close ${certificate}`) } as unknown as WebTransportListener;
      },
    );

  it("is replaced, one after the other, and tells why there is none", async () => {
    const slot = open();
    await Promise.all(["a", "b"].map((certificate) => slot.open(8443, { certificate, privateKey: "" })));
    expect(events).toEqual(["open a", "close a", "open b"]);
    expect(slot).toMatchObject({ port: 8443, error: undefined });
    fail = true;
    await slot.open(8443, { certificate: "c", privateKey: "" });
    expect(slot).toMatchObject({ port: undefined, error: "not here", detail: "not here: in full" });
    fail = false;
    await slot.open(8443, { certificate: "d", privateKey: "" });
    expect(slot).toMatchObject({ port: 8443, error: undefined });
    await slot.close();
    await slot.open(8443, { certificate: "e", privateKey: "" });
    expect(events.slice(3)).toEqual(["close b", "open d", "close d"]);
    expect(slot.port).toBeUndefined();
  });
});
