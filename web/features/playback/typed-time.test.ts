import { expect, test } from "vitest";
import { instantOf, instantsOf, typedTime } from "./typed-time.ts";
import { Zone } from "./zone.ts";

const berlin = new Zone("Europe/Berlin");
const HOUR = 3_600_000_000;
/** 02:30 on the last Sunday of October comes at 00:30 and at 01:30 UTC. */
const FIRST = Date.UTC(2026, 9, 25, 0, 30) * 1000;
const SECOND = FIRST + HOUR;

test("a time comes back from what is prefilled with it, on the day of every change of clocks", () => {
  for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Seoul"].map(
    (name) => new Zone(name),
  )) {
    for (const day of [Date.UTC(2026, 2, 8), Date.UTC(2026, 2, 29), Date.UTC(2026, 9, 25), Date.UTC(2026, 10, 1)]) {
      for (let minute = -24 * 60; minute < 48 * 60; minute += 10) {
        const micros = (day + minute * 60_000) * 1000 + 7_654_321;
        expect(instantOf(typedTime(micros, zone), zone), zone.name).toBe(micros - 654_321);
      }
    }
  }
});

test("of an hour that comes twice, the one is opened that is looked at, and each can be meant", () => {
  expect(typedTime(FIRST, berlin)).toEqual({ text: "2026-10-25T02:30:00", second: false });
  expect(typedTime(SECOND, berlin)).toEqual({ text: "2026-10-25T02:30:00", second: true });
  expect(instantsOf("2026-10-25T02:30", berlin)).toEqual([FIRST, SECOND]);
  expect(instantOf({ text: "2026-10-25T02:30", second: true }, berlin)).toBe(SECOND);
  // The hour before a time in it keeps its length.
  const [from, to] = [SECOND - HOUR, SECOND].map((micros) => instantOf(typedTime(micros, berlin), berlin) ?? 0);
  expect((to ?? 0) - (from ?? 0)).toBe(HOUR);
});

test("a time that comes once is that one; one that is skipped, or no time, is none", () => {
  const once = Date.UTC(2026, 9, 25, 11) * 1000;
  expect(instantOf({ text: "2026-10-25T12:00", second: true }, berlin)).toBe(once);
  expect(instantsOf("2026-03-29T02:30", berlin)).toEqual([]);
  expect(instantOf({ text: "", second: true }, berlin)).toBeUndefined();
});
