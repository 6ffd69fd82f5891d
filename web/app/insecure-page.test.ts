import { expect, test } from "vitest";
import { secureAddress } from "./insecure-page.tsx";

test.each([
  ["http://192.0.2.7:8080/?kiosk=1", "https://192.0.2.7:8443/?kiosk=1"],
  ["http://[2001:db8::1]:8080/setup", "https://[2001:db8::1]:8443/setup"],
  ["http://vms.example/", "https://vms.example:8443/"],
])("%s is to be opened as %s", (from, to) => {
  expect(secureAddress(new URL(from))).toBe(to);
});
