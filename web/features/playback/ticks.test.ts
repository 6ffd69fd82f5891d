import { describe, expect, test } from "vitest";
import { ticksFor } from "./ticks.ts";
import { createTimeText } from "./time-text.ts";
import { HOUR, MINUTE, viewportAt } from "./viewport.ts";
import { Zone } from "./zone.ts";

const utc = (text: string): number => Date.parse(text) * 1000;
const berlin = new Zone("Europe/Berlin");

function labels(start: string, end: string, width: number, zone: Zone): string[] {
  const text = createTimeText("en-GB", zone);
  const view = viewportAt(utc(start), utc(end) - utc(start));
  return ticksFor(view, width, zone)
    .filter(({ major }) => major)
    .map(({ micros, unit, afterChange }) => text.tick(micros, unit, afterChange).replace(",", ""));
}

describe("ticks", () => {
  test("lie on round local times, also of zones with half hours", () => {
    expect(labels("2026-11-20T12:00:00Z", "2026-11-20T12:05:00Z", 400, new Zone("Asia/Seoul"))).toEqual([
      "21:00",
      "21:01",
      "21:02",
      "21:03",
      "21:04",
    ]);
    expect(labels("2026-11-20T10:00:00Z", "2026-11-20T13:00:00Z", 240, new Zone("Asia/Kolkata"))).toEqual([
      "16:00",
      "17:00",
      "18:00",
    ]);
    expect(labels("2026-11-20T12:00:00Z", "2026-11-20T12:00:01Z", 400, berlin).slice(0, 2)).toEqual([
      "13:00:00.000",
      "13:00:00.200",
    ]);
  });

  test("spring: the hour that does not exist has no tick, and the next says the new offset", () => {
    expect(labels("2026-03-28T23:00:00Z", "2026-03-29T04:00:00Z", 400, berlin)).toEqual([
      "Sun 29 Mar",
      "01:00",
      "03:00 UTC+2",
      "04:00",
      "05:00",
    ]);
  });

  test("autumn: the hour that comes twice has its tick twice, and the second says which it is", () => {
    expect(labels("2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z", 320, berlin)).toEqual([
      "01:00",
      "02:00",
      "02:00 UTC+1",
      "03:00",
    ]);
  });

  test("days of 23 and 25 hours keep their midnights", () => {
    const days = (start: string, end: string): number[] => {
      const view = viewportAt(utc(start), utc(end) - utc(start));
      const at = ticksFor(view, 320, berlin).filter(({ major }) => major);
      return at.slice(1).map(({ micros }, index) => (micros - (at[index]?.micros ?? 0)) / HOUR);
    };
    expect(days("2026-03-27T23:00:00Z", "2026-03-31T00:00:00Z")).toEqual([24, 23, 24]);
    expect(days("2026-10-23T22:00:00Z", "2026-10-27T00:00:00Z")).toEqual([24, 25, 24]);
  });

  test("a day whose midnight is skipped begins where the clocks were changed", () => {
    const beirut = new Zone("Asia/Beirut");
    expect(labels("2026-03-27T00:00:00Z", "2026-03-30T12:00:00Z", 300, beirut)).toEqual([
      "Sat 28 Mar",
      "Sun 29 Mar",
      "Mon 30 Mar",
    ]);
  });

  test("never so many that they cannot be told apart, from a second to a quarter of a year", () => {
    for (let span = 1_000_000; span <= 92 * 24 * HOUR; span *= 1.7) {
      const ticks = ticksFor(viewportAt(utc("2026-03-20T00:00:00Z"), span), 1200, berlin);
      const major = ticks.filter((tick) => tick.major);
      expect(major.length).toBeGreaterThan(1);
      expect(major.length).toBeLessThanOrEqual(18);
      expect(ticks.length).toBeLessThanOrEqual(1200 / 5);
    }
  });
});

describe("a zone", () => {
  test("finds the instants of a local time: one, two in autumn, none in spring", () => {
    const at = (day: number, month: number, hour: number): number[] =>
      berlin.instants({ year: 2026, month, day, hour, minute: 30 });
    expect(at(20, 11, 9)).toEqual([utc("2026-11-20T08:30:00Z")]);
    expect(at(25, 10, 2)).toEqual([utc("2026-10-25T00:30:00Z"), utc("2026-10-25T01:30:00Z")]);
    expect(at(29, 3, 2)).toEqual([]);
  });

  test("finds the change to the quarter of an hour and names offsets", () => {
    const [change] = berlin.transitions(utc("2026-10-20T00:00:00Z"), utc("2026-10-30T00:00:00Z"));
    expect(change).toBe(utc("2026-10-25T01:00:00Z"));
    expect(berlin.offsetName((change ?? 0) - MINUTE)).toBe("UTC+2");
    expect(new Zone("America/St_Johns").offsetName(utc("2026-01-01T00:00:00Z"))).toBe("UTC−3:30");
    expect(() => new Zone("Mars/Base")).toThrow(RangeError);
  });
});
