import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as ask, createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { parseNetwork } from "../net/address-class.ts";
import { Admission } from "../relay/front/admission.ts";
import { Clients } from "../relay/front/client.ts";
import { ConnectionGate } from "../relay/front/connection-gate.ts";
import { Listener } from "../relay/front/listeners.ts";
import { LiveUpgrade } from "../relay/front/live-upgrade.ts";
import { HttpProxy } from "../relay/front/proxy.ts";

/** Who never ends a request holds nothing that others need: 16 networks of one host are 16 addresses to us. */

vi.setConfig({ testTimeout: 60_000 });

const NETWORKS = 16;
const PER_NETWORK = 33;
let folder: string;
let upstream: ReturnType<typeof createServer>;
let proxy: HttpProxy;
let upgrade: LiveUpgrade;
let gate: ConnectionGate;
let listener: Listener;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slow-"));
  const socketPath = join(folder, "s");
  upstream = createServer((_request, response) => response.end("served")).listen(socketPath);
  await once(upstream, "listening");
  const clock = systemClock();
  // A proxy that is believed lets one machine play many addresses.
  const clients = new Clients([parseNetwork("127.0.0.1")]);
  proxy = new HttpProxy({ socketPath, clock, clients, requestsPerSecond: 0 });
  const none = (): never => {
    throw new Error("nobody watches here");
  };
  const admission = new Admission();
  upgrade = new LiveUpgrade({ allowedOrigins: [], admission, accept: none, acceptPlayback: none, clock, clients });
  gate = new ConnectionGate({ total: NETWORKS * PER_NETWORK, perOwner: 1 });
  listener = await Listener.open({ host: "127.0.0.1", port: 0, tls: undefined, proxy, upgrade, gate, clients });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  proxy.close();
  upgrade.close();
  await listener.close();
  const closed = once(upstream, "close");
  upstream.close();
  upstream.closeAllConnections();
  await closed;
  await rm(folder, { recursive: true });
});

/** Sends this and says nothing more; resolves when the server has had it. */
async function unfinished(network: number, ...lines: string[]): Promise<Socket> {
  const socket = connect(listener.port, "127.0.0.1").on("error", () => undefined);
  sockets.push(socket);
  const from = `X-Forwarded-For: 2001:db8:0:${network}::1`;
  socket.write(["POST /api/v1/auth/login HTTP/1.1", "Host: a", from, "Expect: 100-continue", ...lines].join("\r\n"));
  // The server asks for the body: it has taken the request on.
  await once(socket, "data");
  return socket;
}

function statusFor(address: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { port: listener.port, path: "/api/v1/cameras", agent: false };
    ask({ ...options, host: "127.0.0.1", headers: { "x-forwarded-for": address } }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode));
    })
      .on("error", reject)
      .end();
  });
}

it("senders of unfinished bodies hold no place, and make way when connections run out", async () => {
  const all = Array.from({ length: NETWORKS * PER_NETWORK }, (_, index) =>
    unfinished(index % NETWORKS, "Content-Length: 10", "", "12345"),
  );
  const slow = await Promise.all(all);
  expect(gate.total).toBe(NETWORKS * PER_NETWORK);
  // From their own network, and from another; each needs the connection of one that is not done.
  expect([await statusFor("2001:db8::1"), await statusFor("198.51.100.1")]).toEqual([200, 200]);
  await expect.poll(() => slow.filter(({ destroyed }) => destroyed).length, { timeout: 20_000 }).toBe(gate.evicted);
  expect(gate.evicted).toBeGreaterThan(0);
  // Who ends what was begun is served.
  const late = slow.findLast(({ destroyed }) => !destroyed) as Socket;
  const answered = once(late, "data");
  late.write("67890");
  expect(String(await answered)).toMatch(/^HTTP\/1\.1 200 /);
});
