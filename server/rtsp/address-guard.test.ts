import type { lookup } from "node:dns";
import { describe, expect, it } from "vitest";
import { type AddressPolicy, guardedLookup, refusal } from "./address-guard.ts";
import { camera, closeAll, watch } from "./testkit/watch.ts";

const policy: AddressPolicy = { forbiddenPorts: new Set([8443]), allowLoopback: true };

/** A name server that answers as the test says. */
const answering = (...addresses: string[]): typeof lookup =>
  ((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    )) as unknown as typeof lookup;

function resolved(all: boolean, ...addresses: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    guardedLookup(8443, policy, answering(...addresses))("camera.example", { all }, (error, address) =>
      error ? reject(error) : resolve(address),
    );
  });
}

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

  it("of a name's addresses the permitted ones only, in both of the forms that sockets ask for", async () => {
    expect(await resolved(true, "169.254.169.254", "10.0.0.9", "127.0.0.1")).toEqual([
      { address: "10.0.0.9", family: 4 },
    ]);
    expect(await resolved(false, "169.254.169.254", "10.0.0.9")).toBe("10.0.0.9");
    await expect(resolved(true, "169.254.169.254")).rejects.toMatchObject({ code: "rtsp.address" });
    await expect(resolved(true)).rejects.toMatchObject({ code: "rtsp.address" });
  });
});

describe("a pull", () => {
  it.each(["rtsp://127.0.0.1", "rtsp://localhost", "rtsps://localhost"])(
    "does not touch a port of this server at %s",
    async (origin) => {
      const fake = await camera();
      const watched = watch(`${origin}:${fake.port}/live`, { forbiddenPorts: new Set([fake.port]) });
      expect(await watched.ended).toBe("rtsp.address");
      expect(fake.connections).toBe(0);
      await closeAll();
    },
  );

  it.each(["169.254.169.254", "[ff02::1]", "0.0.0.0"])("does not connect to %s", async (host) => {
    expect(await watch(`rtsp://${host}/live`).ended).toBe("rtsp.address");
    await closeAll();
  });
});
