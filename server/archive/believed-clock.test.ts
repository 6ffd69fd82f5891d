import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { embedded } from "../testkit/temp-db.ts";
import { BelievedClock, type ClockDoubt } from "./believed-clock.ts";
import { DAY, NOW, RetentionKit } from "./testkit/retention-kit.ts";

const HOUR = DAY / 24;
const A = randomUUID();

describe("the time that deletion goes by", () => {
  let kit: RetentionKit;
  let clock: SimulatedClock;
  let doubts: (ClockDoubt | undefined)[];
  let believed: BelievedClock;

  beforeAll(async () => {
    kit = await RetentionKit.open(embedded);
  });
  afterAll(() => kit.close());
  beforeEach(async () => {
    await kit.clear();
    doubts = [];
    clock = new SimulatedClock(NOW);
    believed = restarted();
  });

  const restarted = (): BelievedClock => {
    return new BelievedClock({ orm: kit.database.orm, clock, onDoubt: (doubt) => doubts.push(doubt) });
  };
  /** Of the server's life, a look every ten minutes. Days since the test's beginning. */
  const pass = async (hours: number): Promise<number> => {
    let now = await believed.now();
    for (let looks = hours * 6; looks > 0; looks--) {
      clock.advance(millis(600_000));
      now = await believed.now();
    }
    return (now - NOW) / DAY;
  };
  /** The server is off, or its machine's clock changes. */
  const step = (days: number): void => clock.stepUtc(micros(days * DAY));

  it("is the clock's while it goes on as it should, small steps included", async () => {
    expect(await pass(36)).toBe(1.5);
    step(0.25);
    expect(await pass(24)).toBe(2.75);
    step(-0.25);
    expect(await pass(24)).toBe(3.5);
    expect(doubts).toEqual([]);
  });

  it("does not leap with the clock, and follows it when it was steady for a day", async () => {
    await pass(1);
    step(400);
    expect(await pass(23)).toBe(1);
    expect(doubts).toEqual([{ wallMicros: NOW + HOUR + 400 * DAY, believedMicros: NOW + HOUR }]);
    expect(await pass(1)).toBe(402 - 23 / 24);
    expect(doubts).toHaveLength(2);
    expect(doubts[1]).toBeUndefined();
  });

  it("is right at once when the clock comes back", async () => {
    await pass(1);
    step(400);
    await pass(12);
    step(-400);
    expect(await pass(1)).toBe(14 / 24);
    expect(doubts.at(-1)).toBeUndefined();
  });

  it("waits anew when the clock leaps again, and does not follow many small steps", async () => {
    await pass(1);
    step(400);
    await pass(20);
    step(10);
    expect(await pass(20)).toBe(41 / 24);
    step(-410);
    await pass(1);
    for (let n = 0; n < 5; n++) {
      step(0.5);
      await pass(1);
    }
    expect(await pass(0)).toBe(47 / 24);
    expect(doubts).toHaveLength(3);
  });

  it("goes back with the clock, and not forth again at once", async () => {
    await pass(1);
    step(-300);
    expect(await pass(48)).toBe(49 / 24 - 300);
    step(300);
    expect(await pass(1)).toBe(50 / 24 - 300);
  });

  it("knows over a stop what it was, and believes that a server was off for a week", async () => {
    await pass(1);
    step(6);
    believed = restarted();
    expect(await pass(1)).toBe(6 + 2 / 24);
    step(8);
    believed = restarted();
    expect(await pass(1)).toBe(6 + 3 / 24);
    expect(doubts).toHaveLength(1);
    // A restart makes a doubtful clock no better.
    believed = restarted();
    expect(await pass(1)).toBe(6 + 4 / 24);
    expect(await pass(23)).toBe(14 + 27 / 24);
    // One that goes wrong at a start is not believed either.
    step(-20);
    believed = restarted();
    expect(await pass(1)).toBe(28 / 24 - 6);
  });

  it("keeps footage and locks when the clock leaps, and the reserve all the same", async () => {
    await kit.record(A, 0, 20);
    await kit.lock(A, 20, 18, { expiresAt: new Date((NOW + DAY) / 1000) });
    kit.policy = { retentionDays: 30 };
    const retention = kit.retention();
    await retention.run();
    kit.clock.stepUtc(micros(400 * DAY));
    kit.missing.set(kit.volume(0).id, 1500);
    await retention.run();
    expect(await kit.left()).toEqual([20, 19, 18, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    kit.missing.clear();
    expect(kit.doubts).toHaveLength(1);
    kit.clock.advance(millis(DAY / 1000));
    await retention.run();
    expect(await kit.left()).toEqual([]);
    expect(kit.doubts).toEqual([expect.anything(), undefined]);
  });
});
