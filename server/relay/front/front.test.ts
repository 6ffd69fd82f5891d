import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../shared/lib/clock.ts";
import { parseNetwork } from "../../net/address-class.ts";
import { tlsCertificate } from "../../tls/certificates.ts";
import { Admission } from "./admission.ts";
import { Clients } from "./client.ts";
import { ConnectionGate } from "./connection-gate.ts";
import { affordableConnections } from "./front-settings.ts";
import { peerAddress } from "./headers.ts";
import { strictTransport } from "./security-headers.ts";

describe("peerAddress", () => {
  it.each([
    ["::ffff:10.0.0.7", "10.0.0.7"],
    ["10.0.0.7", "10.0.0.7"],
    ["2001:db8::1", "2001:db8::1"],
    [undefined, "unknown"],
  ])("%s is %s", (address, expected) => {
    expect(peerAddress(address)).toBe(expected);
  });
});

describe("Admission", () => {
  it("limits each address and the total, and counts who leaves once", () => {
    const admission = new Admission({ total: 3, perAddress: 2 });
    const first = admission.enter("a");
    expect(first).toBeDefined();
    expect(admission.enter("a")).toBeDefined();
    expect(admission.enter("a")).toBeUndefined();
    expect(admission.enter("b")).toBeDefined();
    expect(admission.enter("c")).toBeUndefined();
    first?.();
    first?.();
    expect(admission.enter("c")).toBeDefined();
    expect(admission.enter("c")).toBeUndefined();
  });
});

describe("Clients", () => {
  const clients = new Clients(["10.9.0.0/16", "fd12::/64"].map(parseNetwork));
  const of = (remoteAddress: string, headers: Record<string, string>) =>
    clients.of(
      { socket: { remoteAddress }, headers: { host: "vms:8080", ...headers } } as unknown as IncomingMessage,
      "http",
    );
  const lies = { "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example" };

  it("are who the socket says they are, whatever they write", () => {
    for (const peer of ["10.0.0.7", "127.0.0.1", "::ffff:127.0.0.1"]) {
      const client = of(peer, lies);
      expect(client).toMatchObject({ address: peerAddress(peer), protocol: "http", host: "vms:8080" });
      expect(client.local).toBe(false);
      expect(of(peer, {}).local).toBe(peer !== "10.0.0.7");
    }
  });

  it.each([
    ...["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-proto", "x-forwarded-host"],
    ...["true-client-ip", "cf-connecting-ip", "x-fluxvision-local"],
  ])("are not this machine itself where a proxy on it says %s, and nobody named that proxy", (name) => {
    for (const value of ["198.51.100.7", "1", ""]) {
      expect(of("127.0.0.1", { [name]: value })).toMatchObject({ address: "127.0.0.1", local: false });
      expect(of("::1", { [name]: value }).local).toBe(false);
    }
  });

  it("are not this machine itself where our proxy on it does not say who they are", () => {
    const own = new Clients(["127.0.0.0/8", "::1/128"].map(parseNetwork));
    for (const said of [undefined, "", "unknown", "198.51.100.7:4711", "127.0.0.1", "::1"]) {
      const headers = { host: "vms", ...(said !== undefined && { "x-forwarded-for": said }) };
      const request = { socket: { remoteAddress: "127.0.0.1" }, headers } as unknown as IncomingMessage;
      expect(own.of(request, "http")).toMatchObject({ address: "127.0.0.1", local: false });
    }
  });

  it.each([
    ["6.6.6.6", "6.6.6.6"],
    ["1.2.3.4, 6.6.6.6", "6.6.6.6"],
    ["127.0.0.1, 6.6.6.6, 10.9.3.3", "6.6.6.6"],
    ["6.6.6.6, not an address", "10.9.0.1"],
    ["6.6.6.6:4711", "10.9.0.1"],
    ["", "10.9.0.1"],
    ["10.9.1.1, 10.9.2.2", "10.9.0.1"],
    ["::ffff:6.6.6.6", "6.6.6.6"],
  ])("behind our proxy, that says %s, are %s", (header, address) => {
    expect(of("10.9.0.1", { "x-forwarded-for": header })).toMatchObject({ address, local: false });
  });

  it("follow a chain of proxies only so far", () => {
    const far = (header: string) => of("10.9.0.1", { "x-forwarded-for": header }).address;
    expect(far(`${"9.9.9.9, ".repeat(1000)}10.9.1.1`)).toBe("9.9.9.9");
    expect(far(`9.9.9.9, ${Array.from({ length: 1000 }, () => "10.9.1.1").join(",")}`)).toBe("10.9.0.1");
  });

  it("take scheme and host from our proxy, where these are such", () => {
    expect(of("fd12::1", lies)).toMatchObject({ protocol: "https", host: "evil.example" });
    const odd = { "x-forwarded-proto": "gopher", "x-forwarded-host": "a b; script-src *" };
    expect(of("10.9.0.1", odd)).toMatchObject({ protocol: "http", host: "vms:8080" });
    expect(of("10.9.0.1", { "x-forwarded-proto": "http, https" }).protocol).toBe("https");
  });
});

describe("abuse case 19: ConnectionGate", () => {
  let port = 1000;
  const socketOf = (address: string): Socket => {
    const socket = new Socket();
    const ours = port++;
    Object.defineProperty(socket, "remoteAddress", { value: address });
    Object.defineProperty(socket, "remotePort", { value: ours });
    return socket;
  };

  it("makes the connection that has been idle longest leave, of the same address first", () => {
    const gate = new ConnectionGate({ total: 4, perOwner: 2 });
    const [a1, a2, a3] = [socketOf("a"), socketOf("a"), socketOf("a")];
    for (const socket of [a1, a2]) expect(gate.enter(socket, "a")).toBe(true);
    gate.busy(a1);
    expect(gate.enter(a3, "a")).toBe(true);
    expect([a1, a2, a3].map(({ destroyed }) => destroyed)).toEqual([false, true, false]);
    gate.busy(a3);
    const refused = socketOf("a");
    expect(gate.enter(refused, "a")).toBe(false);
    expect(refused.destroyed).toBe(true);
    gate.idle(a1);
    expect(gate.enter(socketOf("a"), "a")).toBe(true);
    expect(a1.destroyed).toBe(true);
    expect(gate.total).toBe(2);
    expect(gate.evicted).toBe(3);
  });

  it("holds a flood of silent ones from everywhere, and lets those in who come after it", () => {
    const gate = new ConnectionGate({ total: 100, perOwner: 50 });
    const flood = Array.from({ length: 10_000 }, (_, index) => socketOf(`bot ${index % 500}`));
    for (const [index, socket] of flood.entries()) gate.enter(socket, `bot ${index % 500}`);
    expect(gate.total).toBe(100);
    expect(flood.filter(({ destroyed }) => !destroyed)).toHaveLength(100);
    const viewer = socketOf("viewer");
    expect(gate.enter(viewer, "viewer")).toBe(true);
    gate.busy(viewer);
    for (let index = 0; index < 500; index++) gate.enter(socketOf("late"), "late");
    expect(viewer.destroyed).toBe(false);
    expect(gate.total).toBe(100);
  });

  it("counts one that closes once, and a proxy's in the total only", async () => {
    const gate = new ConnectionGate({ total: 3, perOwner: 1 });
    const first = socketOf("a");
    gate.enter(first, "a");
    first.destroy();
    await new Promise((resolve) => first.once("close", resolve));
    expect(gate.total).toBe(0);
    for (let i = 0; i < 3; i++) expect(gate.enter(socketOf("proxy"), undefined)).toBe(true);
    expect(gate.total).toBe(3);
  });

  it("is asked for no more than half of the files that may be open", () => {
    expect(affordableConnections(4096)).toBeGreaterThanOrEqual(64);
    expect(affordableConnections(4096)).toBeLessThanOrEqual(4096);
    expect(affordableConnections(1e9)).toBeLessThanOrEqual(1e9);
  });
});

it("insists on HTTPS only where a certificate of others vouches for us", async () => {
  const folder = await mkdtemp(join(tmpdir(), "strict-"));
  const own = await tlsCertificate(folder, systemClock());
  await rm(folder, { recursive: true });
  expect(strictTransport(undefined)).toBeUndefined();
  expect(strictTransport("not PEM")).toBeUndefined();
  expect(strictTransport(own.certificatePem)).toBeUndefined();
});
