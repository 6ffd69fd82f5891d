import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { addressOwner, classify, isInNetwork, isLoopback, isThisMachine, parseNetwork } from "./address-class.ts";

describe("classify", () => {
  it.each([
    ["10.0.0.1", "private"],
    ["192.168.1.20", "private"],
    ["172.31.255.1", "private"],
    ["172.32.0.1", "public"],
    ["100.64.0.1", "private"],
    ["203.0.113.9", "public"],
    ["127.0.0.1", "loopback"],
    ["127.9.9.9", "loopback"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["64:ff9b::7f00:1", "loopback"],
    ["fd12:3456::1", "private"],
    ["2001:db8::5", "public"],
    ["2606:4700::1", "public"],
    ["::ffff:10.0.0.1", "private"],
    ["2002:a00:1::1", "private"],
  ] as const)("%s is %s", (ip, kind) => {
    expect(classify(ip)).toEqual({ kind });
  });

  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "100.100.100.200",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "168.63.129.16",
    "192.0.0.192",
    "2001:0:a9fe:a9fe::1",
    "64:ff9b:1::a9fe:a9fe",
    "::ffff:0:169.254.169.254",
    "0251.0376.0251.0376",
    "0xa9fea9fe",
    "2852039166",
    "127.1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::ffff:0.0.0.0",
    "camera.example",
    "",
  ])("refuses %s", (ip) => {
    expect(classify(ip)).toMatchObject({ kind: "forbidden", reason: expect.stringMatching(/\S/) });
  });
});

it.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["10.0.0.1", false],
  ["::2", false],
])("isLoopback(%s) is %s", (ip, expected) => {
  expect(isLoopback(ip)).toBe(expected);
});

it.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("addressOwner(%s) is %s", (ip, expected) => {
  expect(addressOwner(ip)).toBe(expected);
});

it("networks: one address or a range, of its own family", () => {
  expect(isInNetwork("10.1.2.3", parseNetwork("10.0.0.0/8"))).toBe(true);
  expect(isInNetwork("::ffff:10.1.2.3", parseNetwork("10.0.0.0/8"))).toBe(true);
  expect(isInNetwork("11.1.2.3", parseNetwork("10.0.0.0/8"))).toBe(false);
  expect(isInNetwork("10.0.0.1", parseNetwork("10.0.0.1"))).toBe(true);
  expect(isInNetwork("2001:db8::1", parseNetwork("10.0.0.0/8"))).toBe(false);
  expect(isInNetwork("2001:db8:1::1", parseNetwork("2001:db8::/32"))).toBe(true);
  for (const text of ["", "10.0.0.0/33", "10/8", "camera", "10.0.0.0/-1", "::/129"]) {
    expect(() => parseNetwork(text)).toThrow(RangeError);
  }
});

it("knows this machine's own addresses, however they are written", () => {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  expect(own.length).toBeGreaterThan(0);
  for (const { address, family } of own) {
    expect(isThisMachine(address)).toBe(true);
    if (family === "IPv4") expect(isThisMachine(`::ffff:${address}`)).toBe(true);
  }
  expect(isThisMachine("203.0.113.9")).toBe(false);
});
