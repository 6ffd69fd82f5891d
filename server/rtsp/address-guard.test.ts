import { describe, expect, it } from "vitest";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { type AddressPolicy, refusal } from "./address-guard.ts";
import { camera, closeAll, watch } from "./testkit/watch.ts";

const guard = new OutboundGuard({ ownPorts: () => new Set([8443]), loopback: "any" });
const policy: AddressPolicy = { guard, allowLoopback: true };

describe("what a connection may reach", () => {
  it.each([
    ["169.254.169.254", 554],
    ["::ffff:169.254.169.254", 554],
    ["224.0.0.1", 554],
    ["0.0.0.0", 554],
    ["127.0.0.1", 8443],
    ["::1", 8443],
  ])("not %s port %i", (ip, port) => {
    expect(refusal(ip, port, policy)?.code).toBe("rtsp.address");
  });

  it("the demo cameras on this machine, except behind a stranger's redirect", () => {
    expect(refusal("127.0.0.1", 554, policy)).toBeUndefined();
    expect(refusal("10.0.0.9", 8443, policy)).toBeUndefined();
    expect(refusal("127.0.0.1", 554, { ...policy, allowLoopback: false })?.code).toBe("rtsp.address");
  });
});

describe("a pull", () => {
  it.each([
    "rtsp://127.0.0.1",
    "rtsp://localhost",
    "rtsps://localhost",
    "rtsp://[::ffff:127.0.0.1]",
    "rtsp://2130706433",
  ])("does not touch a port of this server at %s", async (origin) => {
    const fake = await camera();
    const outbound = new OutboundGuard({ ownPorts: () => new Set([fake.port]), loopback: "any" });
    expect(await watch(`${origin}:${fake.port}/live`, { outbound }).ended).toBe("rtsp.address");
    expect(fake.connections).toBe(0);
    await closeAll();
  });

  it.each(["127.0.0.1", "localhost", "0x7f.1"])(
    "does not touch this machine at %s unless that is allowed",
    async (host) => {
      const fake = await camera();
      expect(await watch(`rtsp://${host}:${fake.port}/live`, { outbound: undefined }).ended).toBe("rtsp.address");
      expect(fake.connections).toBe(0);
      await closeAll();
    },
  );

  it.each(["169.254.169.254", "[ff02::1]", "0.0.0.0"])("does not connect to %s", async (host) => {
    expect(await watch(`rtsp://${host}/live`).ended).toBe("rtsp.address");
    await closeAll();
  });
});
