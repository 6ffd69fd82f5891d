import { describe, expect, test } from "vitest";
import { linkTime, linkTo, parseLink, parseLinkTime } from "./deep-link.ts";

const NOW = Date.UTC(2026, 10, 20, 12) * 1000;

describe("links to a moment", () => {
  const cameraId = "0a000000-0000-4000-8000-000000000001";

  test("come back as they went", () => {
    const link = { micros: NOW + 250_000, cameraId };
    const search = Object.fromEntries(new URL(linkTo("https://vms.example", link)).searchParams);
    expect(parseLink(search)).toEqual(link);
    expect(parseLink({ t: NOW / 1000 })).toEqual({ micros: NOW, cameraId: undefined });
  });

  test("name the picture that was seen: to the microsecond", () => {
    for (const micros of [NOW, NOW + 1, NOW + 40_001, NOW + 123_456, NOW + 999_999]) {
      expect(parseLinkTime(linkTime(micros))).toBe(micros);
    }
    expect(linkTime(NOW + 1234)).toBe("2026-11-20T12:00:00.001234Z");
  });

  test.each([
    ["as they were written before", "2026-11-20T12:00:00.250Z", 250_000],
    ["without seconds", "2026-11-20T12:00Z", 0],
    ["without a fraction, in another zone", "2026-11-20T21:00:00+09:00", 0],
    ["with nanoseconds, of which a picture has none", "2026-11-20T12:00:00.123456789Z", 123_456],
  ])("are read %s", (_, t, micros) => {
    expect(parseLinkTime(t)).toBe(NOW + micros);
  });

  test.each([
    ["a time without a zone", "2026-11-20T12:00:00"],
    ["a word", "now"],
    ["a time before cameras", "0"],
    ["an absurd number", 1e300],
    ["nothing", undefined],
    ["an object", { t: 1 }],
  ])("%s is refused", (_, t) => {
    expect(parseLinkTime(t)).toBeUndefined();
  });

  test("a camera that is no id is left out", () => {
    expect(parseLink({ t: NOW / 1000, camera: "../../x" })?.cameraId).toBeUndefined();
  });
});
