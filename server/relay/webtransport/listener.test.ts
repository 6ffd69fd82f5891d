import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../shared/lib/clock.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { webTransportCertificate } from "../../tls/certificates.ts";
import type { ViewerConnection } from "../transport/connection.ts";
import { WebTransportAdmission } from "./admission.ts";
import { WebTransportListener } from "./listener.ts";
import { FakeNative, type FakeRequest } from "./testkit/fake-native.ts";

const LIVE = "https://127.0.0.1/api/v1/live";

let pair: { certificate: string; privateKey: string };
let clock: SimulatedClock;
let native: FakeNative;
let viewers: ViewerConnection[];
let listener: WebTransportListener;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "fluxvision-listener-"));
  const made = await webTransportCertificate(folder, systemClock());
  await rm(folder, { recursive: true });
  pair = { certificate: made.certificatePem, privateKey: made.privateKeyPem };
});
beforeEach(async () => {
  clock = new SimulatedClock();
  native = new FakeNative();
  viewers = [];
  listener = await WebTransportListener.open(
    {
      ...pair,
      host: "127.0.0.1",
      port: 8443,
      // Room for one handshake: whoever comes next shows whether it was given back.
      admission: new WebTransportAdmission({ total: 8, strangers: 1 }),
      accept: (connection) => {
        viewers.push(connection);
        return { onMessage: () => undefined, onDrain: () => undefined, onClosed: () => undefined };
      },
      clock,
    },
    native,
  );
});
afterEach(async () => {
  for (const request of native.requests) request.session.end();
  const closing = listener.close();
  await settle();
  clock.advance(millis(1500));
  await closing;
  expect(native.serverClosed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

async function knock(): Promise<FakeRequest> {
  const request = native.knock();
  await settle();
  return request;
}

describe("a WebTransport handshake", () => {
  it("that says nothing is given up after 5 s, and its room is given to the next", async () => {
    await knock();
    clock.advance(millis(4999));
    await settle();
    const refused = await knock();
    expect(refused.rejectedWith).toBe(503);
    clock.advance(millis(1));
    await settle();
    const next = await knock();
    next.ask(LIVE);
    await settle();
    next.grant();
    await settle();
    expect(viewers).toHaveLength(1);
  });

  it("that ends after its time leaves no session behind", async () => {
    const request = await knock();
    request.ask(LIVE);
    await settle();
    expect(request.accepted).toBe(true);
    clock.advance(millis(5000));
    await settle();
    request.grant();
    await settle();
    expect(request.session.closedWith).toMatchObject({ reason: "too late" });
    expect(viewers).toEqual([]);
  });

  it("has that time for each of its steps, and leaves no timer behind", async () => {
    const request = await knock();
    clock.advance(millis(4000));
    request.ask(LIVE);
    await settle();
    clock.advance(millis(4000));
    request.grant();
    await settle();
    expect(viewers).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(["https://127.0.0.1/other", "not a URL"])("for %s is refused", async (url) => {
    const request = await knock();
    request.ask(url);
    await settle();
    expect(request.rejectedWith).toBe(404);
    expect(clock.pendingTimers).toBe(0);
  });
});
