import type { lookup } from "node:dns";
import type { NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { parseNetwork } from "./address-class.ts";
import { canonicalHost, OutboundGuard, type OutboundPurpose } from "./outbound-guard.ts";

/** A name server that answers as the test says. */
const answering = (...addresses: string[]): typeof lookup =>
  ((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    )) as unknown as typeof lookup;

const ownPorts = (): ReadonlySet<number> => new Set([8080, 8443]);
const guard = new OutboundGuard({ ownPorts });
const PURPOSES: readonly OutboundPurpose[] = ["camera", "service", "webhook"];

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof FluxError ? error.code : String(error);
  }
  return undefined;
}

describe("an address", () => {
  it.each(PURPOSES)("is never one of those that nothing is fetched from (%s)", (purpose) => {
    const anything = new OutboundGuard({
      ownPorts,
      loopback: "any",
      cameraNetworks: [parseNetwork("0.0.0.0/0"), parseNetwork("::/0")],
      webhookNetworks: [parseNetwork("0.0.0.0/0"), parseNetwork("::/0")],
    });
    for (const ip of ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "ff02::1", "0.0.0.0", "fd00:ec2::254"]) {
      expect(anything.refusal(purpose, ip, 80)?.code).toBe("net.refused");
    }
    for (const ip of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.1.2.3"]) {
      expect(anything.refusal(purpose, ip, 8443)?.code).toBe("net.refused");
      expect(anything.refusal(purpose, ip, 554)).toBeUndefined();
    }
  });

  it("of this machine is refused but for the ports allowed", () => {
    const demo = new OutboundGuard({ ownPorts, loopback: new Set([18_554, 8443]) });
    expect(guard.refusal("camera", "127.0.0.1", 18_554)?.message).toContain("FLUXVISION_LOOPBACK_PORTS");
    expect(demo.refusal("camera", "127.0.0.1", 18_554)).toBeUndefined();
    expect(demo.refusal("camera", "127.0.0.1", 5432)?.code).toBe("net.refused");
    // An allowance never opens the server's own interface.
    expect(demo.refusal("camera", "127.0.0.1", 8443)?.code).toBe("net.refused");
  });

  it("of one of this machine's interfaces is as loopback, from the moment on that the interface is there", () => {
    let addresses: readonly string[] = [];
    const interfaces = (() => ({
      eth0: addresses.map((address) => ({ address, internal: false }) as NetworkInterfaceInfo),
    })) as typeof networkInterfaces;
    const guarding = (loopback?: "any" | ReadonlySet<number>): OutboundGuard =>
      new OutboundGuard({ ownPorts, ...(loopback ? { loopback } : {}) }, undefined, interfaces);
    const [closed, some, any] = [guarding(), guarding(new Set([9000, 8443])), guarding("any")];
    expect(closed.refusal("service", "192.168.1.5", 6379)).toBeUndefined();
    addresses = ["192.168.1.5", "203.0.113.77", "fd12::5"];
    for (const purpose of PURPOSES) {
      for (const ip of ["192.168.1.5", "::ffff:192.168.1.5", "64:ff9b::192.168.1.5", "203.0.113.77", "fd12::5"]) {
        expect(closed.refusal(purpose, ip, 6379)?.message).toContain("FLUXVISION_LOOPBACK_PORTS");
        expect(some.refusal(purpose, ip, 6379)?.code).toBe("net.refused");
        expect(any.refusal(purpose, ip, 8443)?.message).toContain("this server itself");
        expect(some.refusal(purpose, ip, 8443)?.code).toBe("net.refused");
      }
    }
    expect(some.refusal("service", "192.168.1.5", 9000)).toBeUndefined();
    expect(any.refusal("camera", "fd12::5", 554)).toBeUndefined();
    // A port that is allowed here opens no private address to a webhook, and leaves cameras in their networks.
    expect(any.refusal("webhook", "192.168.1.5", 9000)?.code).toBe("net.refused");
    const rules = { ownPorts, loopback: "any", cameraNetworks: [parseNetwork("10.20.0.0/16")] } as const;
    const pinned = new OutboundGuard(rules, undefined, interfaces);
    expect(pinned.refusal("camera", "192.168.1.5", 554)?.message).toContain("FLUXVISION_CAMERA_NETWORKS");
    // Neighbours are what they were.
    expect(closed.refusal("camera", "192.168.1.6", 554)).toBeUndefined();
    addresses = [];
    expect(closed.refusal("service", "192.168.1.5", 6379)).toBeUndefined();
  });

  it("in a private network is for cameras and services, for webhooks where a setting says so", () => {
    expect(guard.refusal("camera", "192.168.1.9", 554)).toBeUndefined();
    expect(guard.refusal("service", "10.0.0.9", 9000)).toBeUndefined();
    expect(guard.refusal("webhook", "10.0.0.9", 443)?.code).toBe("net.refused");
    expect(guard.refusal("webhook", "::ffff:10.0.0.9", 443)?.code).toBe("net.refused");
    expect(guard.refusal("webhook", "203.0.113.9", 443)).toBeUndefined();
    const open = new OutboundGuard({ ownPorts, webhookNetworks: [parseNetwork("10.0.0.0/24")] });
    expect(open.refusal("webhook", "10.0.0.9", 443)).toBeUndefined();
    expect(open.refusal("webhook", "10.0.1.9", 443)?.code).toBe("net.refused");
  });

  it("outside of the cameras' networks has no camera", () => {
    const pinned = new OutboundGuard({ ownPorts, cameraNetworks: [parseNetwork("10.20.0.0/16")] });
    expect(pinned.refusal("camera", "10.20.3.4", 554)).toBeUndefined();
    expect(pinned.refusal("camera", "10.21.3.4", 554)?.message).toContain("FLUXVISION_CAMERA_NETWORKS");
    expect(pinned.refusal("service", "10.21.3.4", 443)).toBeUndefined();
  });
});

describe("an address that somebody entered", () => {
  it.each(["https://idp.example/realms/a", "http://10.0.0.9:9000", "https://[2001:db8::5]/"])("%s is taken", (text) => {
    expect(guard.checkUrl("service", text).href).toContain("//");
  });

  it.each([
    ["ftp://files.example/", "net.bad_url"],
    ["file:///etc/passwd", "net.bad_url"],
    ["javascript:alert(1)", "net.bad_url"],
    ["gopher://10.0.0.1:6379/_FLUSHALL", "net.bad_url"],
    ["https://user:secret@idp.example/", "net.bad_url"],
    ["https://idp.example/\r\nX: 1", "net.bad_url"],
    ["https://idp.example/ x", "net.bad_url"],
    ["https://idp.example\\@evil.example/", "net.bad_url"],
    ["https://\u202eelpmaxe.pdi/", "net.bad_url"],
    ["//idp.example/", "net.bad_url"],
    ["", "net.bad_url"],
    [`https://idp.example/${"x".repeat(3000)}`, "net.bad_url"],
    ["http://169.254.169.254/latest/meta-data/", "net.refused"],
    ["http://0xa9fea9fe/", "net.refused"],
    ["http://2852039166/", "net.refused"],
    ["http://0251.0376.0251.0376/", "net.refused"],
    ["http://[::ffff:a9fe:a9fe]/", "net.refused"],
    ["http://[::ffff:169.254.169.254]/", "net.refused"],
    ["http://127.0.0.1:8080/api/v1/users", "net.refused"],
    ["http://127.1/", "net.refused"],
    ["http://0177.0.0.1/", "net.refused"],
    ["http://localhost/", "net.refused"],
    ["http://LOCALHOST.:8080/", "net.refused"],
    ["http://a.localhost/", "net.refused"],
    ["http://[::1]/", "net.refused"],
    ["http://0/", "net.refused"],
    ["http://①②⑦.0.0.1/", "net.refused"],
  ])("%s is refused (%s)", (text, code) => {
    for (const purpose of ["service", "webhook"] as const)
      expect(codeOf(() => guard.checkUrl(purpose, text))).toBe(code);
  });

  it("is named in the error", () => {
    expect(() => guard.checkUrl("service", "http://127.0.0.1/", "issuer")).toThrow(
      expect.objectContaining({ code: "net.refused", field: "issuer" }),
    );
  });
});

describe("a name", () => {
  const resolved = (all: boolean, ...addresses: string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const naming = new OutboundGuard({ ownPorts }, answering(...addresses));
      naming.lookup("camera", 554)("camera.example", { all }, (error, address) =>
        error ? reject(error) : resolve(address),
      );
    });

  it("gives its permitted addresses only, in both of the forms that sockets ask for", async () => {
    expect(await resolved(true, "169.254.169.254", "10.0.0.9", "127.0.0.1")).toEqual([
      { address: "10.0.0.9", family: 4 },
    ]);
    expect(await resolved(false, "169.254.169.254", "10.0.0.9")).toBe("10.0.0.9");
    await expect(resolved(true, "169.254.169.254")).rejects.toMatchObject({ code: "net.refused" });
    await expect(resolved(true)).rejects.toMatchObject({ code: "net.refused" });
  });

  it.each([
    ["camera.example", "camera.example"],
    ["0x7f.1", "127.0.0.1"],
    ["[::1]", "::1"],
    ["::FFFF:127.0.0.1", "::ffff:7f00:1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["a b", "a b"],
  ])("%s is written %s", (host, canonical) => {
    expect(canonicalHost(host)).toBe(canonical);
  });
});
