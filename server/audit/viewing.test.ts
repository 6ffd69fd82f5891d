import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import type { AuditEntry } from "./row.ts";
import { ViewingLog } from "./viewing.ts";

const MINUTE = millis(60_000);
let clock: SimulatedClock;
let told: AuditEntry[];
let log: ViewingLog;
beforeEach(() => {
  clock = new SimulatedClock(micros(Date.parse("2026-03-01T10:00:00Z") * 1000));
  told = [];
  log = new ViewingLog({
    clock,
    audit: { note: (entry) => void told.push(entry) },
    who: async (actorId, sessionId) => ({ actorId, sessionId, actorName: "kim" }),
  });
  log.opened("c1", "user", "session");
});
afterEach(() => log.close());

/** Rows are told after their names are looked up. */
async function rows(): Promise<AuditEntry[]> {
  await new Promise((done) => setImmediate(done));
  return told;
}

function pass(minutes: number): void {
  for (let minute = 0; minute < minutes; minute++) clock.advance(MINUTE);
}

describe("viewing", () => {
  it("is a row when it begins and one when it is over", async () => {
    log.watched("c1", ["a"], []);
    expect(await rows()).toEqual([expect.objectContaining({ action: "live.view", cameraId: "a", actorName: "kim" })]);
    pass(7);
    log.closed("c1");
    pass(16);
    expect((await rows()).slice(1)).toEqual([
      expect.objectContaining({
        action: "live.viewed",
        target: "a",
        details: { from: "2026-03-01T10:00:00.000Z", until: "2026-03-01T10:07:00.000Z", seconds: 420 },
      }),
    ]);
  });

  it("is one stretch for a tour, reconnections and a flood of subscriptions", async () => {
    for (let round = 0; round < 500; round++) {
      log.watched("c1", ["a"], []);
      log.watched("c1", ["a"], []);
      if (round === 250) {
        log.closed("c1");
        log.opened("c1", "user", "session");
      } else log.left("c1", ["a"]);
      clock.advance(millis(1000));
    }
    log.watched("c1", ["a"], []);
    clock.advance(millis(10_000));
    log.left("c1", ["a"]);
    await log.close();
    expect(told.map(({ action }) => action)).toEqual(["live.view", "live.viewed"]);
    expect(told[1]?.details).toMatchObject({ seconds: 10, until: "2026-03-01T10:08:30.000Z" });
  });

  it("counts two windows of one session once", async () => {
    log.opened("c2", "user", "session");
    log.watched("c1", ["a"], []);
    log.watched("c2", ["a"], []);
    pass(2);
    log.left("c1", ["a"]);
    pass(2);
    log.closed("c2");
    await log.close();
    expect(told.map(({ action }) => action)).toEqual(["live.view", "live.viewed"]);
    expect(told[1]?.details).toMatchObject({ seconds: 240 });
  });

  it("is told anew each day while a wall stays open", async () => {
    log.watched("c1", ["a"], []);
    for (let day = 0; day < 2; day++) pass(24 * 60);
    expect((await rows()).map(({ action, details }) => [action, details?.seconds])).toEqual([
      ["live.view", undefined],
      ["live.viewed", 86_400],
      ["live.viewed", 86_400],
    ]);
  });

  it("of the archive names the footage that could be opened", async () => {
    const epoch = Date.parse("2026-02-27T00:00:00Z") / 600_000;
    log.playedBack("c1", "a", [epoch]);
    log.playedBack("c1", "a", [epoch + 1, epoch + 9]);
    pass(6);
    expect((await rows()).map(({ action, details }) => [action, details?.ranges])).toEqual([
      ["archive.view", [{ from: "2026-02-27T00:00:00.000Z", until: "2026-02-27T00:10:00.000Z" }]],
      [
        "archive.viewed",
        [
          { from: "2026-02-27T00:00:00.000Z", until: "2026-02-27T00:20:00.000Z" },
          { from: "2026-02-27T01:30:00.000Z", until: "2026-02-27T01:40:00.000Z" },
        ],
      ],
    ]);
  });

  it("that was refused is told as denied", async () => {
    log.watched("c1", [], ["b"]);
    log.refusedArchive("c1", "b");
    expect((await rows()).map(({ action, outcome, cameraId }) => [action, outcome, cameraId])).toEqual([
      ["live.denied", "denied", "b"],
      ["archive.denied", "denied", "b"],
    ]);
  });

  it("keeps a bounded number of stretches", async () => {
    for (let camera = 0; camera < 25_000; camera++) log.watched("c1", [`camera ${camera}`], []);
    const ended = (await rows()).filter(({ action }) => action === "live.viewed");
    expect(ended).toHaveLength(5000);
  });
});
