import { expect, it } from "vitest";
import { originAllowed } from "./origin.ts";

it.each([
  ["https://cam.example", "cam.example", true],
  ["https://cam.example", "cam.example:443", true],
  ["http://cam.example", "cam.example:80", true],
  ["http://cam.example:8080", "cam.example:8080", true],
  ["https://CAM.example", "cam.EXAMPLE", true],
  ["https://[::1]:8443", "[::1]:8443", true],
  [undefined, "cam.example", true],
  [undefined, undefined, true],
  ["https://listed.example", "cam.example", true],
  ["https://cam.example.evil.example", "cam.example", false],
  ["https://evilcam.example", "cam.example", false],
  ["https://cam.example@evil.example", "cam.example", false],
  ["https://cam.example/", "cam.example", false],
  ["https://cam.example:8443", "cam.example", false],
  ["http://cam.example", undefined, false],
  ["chrome-extension://cam.example", "cam.example", false],
  ["file://", "cam.example", false],
  ["null", "cam.example", false],
  ["null", "null", false],
  ["", "cam.example", false],
  ["", "", false],
])("origin %s at host %s: %s", (origin, host, allowed) => {
  expect(originAllowed(origin, { protocol: "http", host }, ["https://listed.example"])).toBe(allowed);
});

it("a page of plain HTTP is no friend of the same host's HTTPS; behind a proxy the other way round is common", () => {
  expect(originAllowed("http://cam.example", { protocol: "https", host: "cam.example" }, [])).toBe(false);
  expect(originAllowed("https://cam.example", { protocol: "https", host: "cam.example" }, [])).toBe(true);
  expect(originAllowed("https://cam.example", { protocol: "http", host: "cam.example" }, [])).toBe(true);
});
