import { describe, expect, it } from "vitest";
import { addressOwner, checkAddress, isLoopback } from "./camera-address.ts";

describe("checkAddress", () => {
  it.each([
    "10.0.0.1",
    "192.168.1.20",
    "100.64.0.1",
    "203.0.113.9",
    "127.0.0.1",
    "::1",
    "fd12:3456::1",
    "2001:db8::5",
    "::ffff:10.0.0.1",
  ])("allows %s", (ip) => {
    expect(checkAddress(ip)).toBeUndefined();
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
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::ffff:0.0.0.0",
    "camera.example",
    "",
  ])("refuses %s", (ip) => {
    expect(checkAddress(ip)).toBeTypeOf("string");
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
