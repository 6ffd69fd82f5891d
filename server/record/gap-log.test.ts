import { beforeEach, describe, expect, it } from "vitest";
import type { GapFact } from "../ingest/protocol.ts";
import { GapLog } from "./gap-log.ts";

const SECOND = 1_000_000;
let told: GapFact[];
let log: GapLog;
beforeEach(() => {
  told = [];
  log = new GapLog("camera", 1, (gap) => told.push(gap));
  log.begin(0);
  log.covered(0, SECOND);
});

describe("a gap that lasts", () => {
  it("is not made by a thread that stood still", () => {
    log.tick(SECOND, 1000);
    // Its timers ran once in a minute; what the camera sent waits.
    expect(log.tick(60 * SECOND, 60_000)).toBe(false);
    log.covered(2 * SECOND, 3 * SECOND);
    expect(log.tick(61 * SECOND, 61_000)).toBe(false);
    expect(told).toEqual([]);
  });

  it("is told at once where there is a cause, keeps it, and ends with the frame that ends it", () => {
    log.tick(SECOND, 1000);
    log.cause("no-key");
    expect(log.tick(2 * SECOND, 2000)).toBe(true);
    log.lost(2);
    log.cause("storage-full");
    expect(log.tick(3 * SECOND, 3000)).toBe(false);
    expect(log.covered(9 * SECOND, 10 * SECOND)).toBe(true);
    const gap = { startMicros: SECOND, reason: "no-key" };
    expect(told).toMatchObject([
      { ...gap, endMicros: 2 * SECOND, frames: 0, open: true },
      { ...gap, endMicros: 9 * SECOND, frames: 2 },
    ]);
    expect(told[1]?.open).toBeUndefined();
  });

  it("ends with the recording, however short it is then", () => {
    log.tick(SECOND, 1000);
    log.cause("camera-offline");
    log.tick(2 * SECOND, 2000);
    log.end(2 * SECOND + 1);
    expect(told.map(({ open }) => open)).toEqual([true, undefined]);
    expect(log.tick(20 * SECOND, 3000)).toBe(false);
  });
});
