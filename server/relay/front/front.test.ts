import { describe, expect, it } from "vitest";
import { Admission } from "./admission.ts";
import { originAllowed, peerAddress } from "./headers.ts";

describe("originAllowed", () => {
  it.each([
    ["https://cam.example", "cam.example", true],
    ["https://cam.example", "cam.example:443", true],
    ["http://cam.example", "cam.example:80", true],
    ["http://cam.example:8080", "cam.example:8080", true],
    ["https://CAM.example", "cam.EXAMPLE", true],
    ["https://[::1]:8443", "[::1]:8443", true],
    [undefined, "cam.example", true],
    ["https://listed.example", "cam.example", true],
    ["https://cam.example.evil.example", "cam.example", false],
    ["https://cam.example:8443", "cam.example", false],
    ["http://cam.example", undefined, false],
    ["null", "cam.example", false],
    ["", "cam.example", false],
  ])("origin %s at host %s: %s", (origin, host, allowed) => {
    expect(originAllowed(origin, host, ["https://listed.example"])).toBe(allowed);
  });
});

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
