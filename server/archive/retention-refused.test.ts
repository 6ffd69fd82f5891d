import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databases } from "../testkit/temp-db.ts";
import type { Retention } from "./retention.ts";
import { DAY, NOW, RetentionKit } from "./testkit/retention-kit.ts";

const A = randomUUID();
const TEN = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];

describe.each(databases)("footage that cannot be removed, $name", (kind) => {
  let kit: RetentionKit;
  let retention: Retention;

  beforeAll(async () => {
    kit = await RetentionKit.open(kind);
  });
  afterAll(() => kit.close());
  beforeEach(async () => {
    await kit.clear();
    retention = kit.retention();
  });

  const rounds = async (count: number): Promise<number[]> => {
    const left: number[] = [];
    for (let round = 0; round < count; round++) {
      await retention.run();
      left.push((await kit.left()).length);
    }
    return left;
  };
  const refuse = (index: number): void => void kit.refusing.add(kit.volume(index).id);

  it("condemns nothing else, by size", async () => {
    await kit.record(A, 0, 20);
    kit.policy = { retentionDays: 365, maxBytes: 18_000 };
    refuse(0);
    expect(await rounds(6)).toEqual([18, 18, 18, 18, 18, 18]);
    expect(kit.refusals[0]).toBe("a refuses");
    expect(kit.refusals).not.toContain("a well");
    kit.refusing.clear();
    expect(await retention.run()).toEqual({ files: 2, bytes: 2000 });
    expect((await kit.left()).length).toBe(18);
    expect(await kit.condemned()).toBe(0);
    expect(kit.refusals.at(-1)).toBe("a well");
  });

  it("condemns nothing else, by reserve", async () => {
    await kit.record(A, 0, 20);
    kit.missing.set(kit.volume(0).id, 1500);
    refuse(0);
    expect(await rounds(6)).toEqual([18, 18, 18, 18, 18, 18]);
    expect(kit.stuck).toBe(0);
  });

  it("condemns nothing on the volumes that work, by size", async () => {
    await kit.record(A, 0, 20, 11);
    await kit.record(A, 1, 10);
    kit.policy = { retentionDays: 365, maxBytes: 15_000 };
    refuse(0);
    await rounds(4);
    expect(await kit.left(1)).toEqual(TEN);
    expect((await kit.left(0)).length).toBe(5);
    // What is recorded meanwhile is too much as well: what is older than it waits, on the disk that refuses.
    kit.policy = { retentionDays: 365, maxBytes: 11_000 };
    await rounds(4);
    expect(await kit.left(1)).toEqual(TEN);
  });

  it("leaves a volume alone that refused a few files in this round, by age", async () => {
    await kit.record(A, 0, 600, 590);
    await kit.record(A, 1, 40, 21);
    kit.policy = { retentionDays: 30 };
    refuse(0);
    const [first] = await rounds(1);
    const condemned = await kit.condemned();
    await kit.record(A, 0, 580, 571);
    // Too old too, and nobody marks it while the disk does not let go of the others.
    expect(await rounds(2)).toEqual([(first ?? 0) + 10, (first ?? 0) + 10]);
    expect(await kit.condemned()).toBe(condemned);
    expect((await kit.left(1))[0]).toBe(31);
  });

  it("tries the others before those that were refused last", async () => {
    await kit.record(A, 0, 20);
    kit.policy = { maxBytes: 10_000, retentionDays: 365 };
    refuse(0);
    await retention.run();
    expect(await kit.condemned()).toBe(10);
    kit.refusing.clear();
    // As many as a round puts up with.
    for (const day of [20, 19, 18]) kit.refusing.add(`${A}/day/${(NOW - day * DAY) / 1e6}-1`);
    await rounds(3);
    expect(await kit.condemned()).toBe(3);
    expect((await kit.left()).length).toBe(10);
  });

  it("lets one bad file hold up nothing", async () => {
    await kit.record(A, 0, 20);
    kit.policy = { retentionDays: 15 };
    kit.refusing.add(`${A}/day/${(NOW - 20 * DAY) / 1e6}-1`);
    await retention.run();
    expect((await kit.left())[0]).toBe(16);
    kit.policy = { retentionDays: 5 };
    await retention.run();
    expect((await kit.left())[0]).toBe(6);
    expect(await kit.condemned()).toBe(1);
    expect(kit.refusals).toEqual(["a refuses", "a refuses"]);
  });

  it("measures each limit when the one before it is through", async () => {
    await kit.record(A, 0, 20);
    kit.policy = { retentionDays: 10, maxBytes: 10_000 };
    kit.missing.set(kit.volume(0).id, 9500);
    // What ended ten days ago to the moment is not older than ten days: it goes by size.
    expect(await retention.run()).toEqual({ files: 10, bytes: 10_000 });
    expect(await kit.left()).toEqual(TEN);
  });

  it("tells once that the reserve cannot be kept, until it can be", async () => {
    await kit.record(A, 0, 3);
    const { id } = kit.volume(0);
    kit.policy = { minimumDays: 5 };
    kit.missing.set(id, 500);
    await rounds(3);
    expect(kit.stuck).toBe(1);
    kit.missing.set(id, 0);
    await retention.run();
    kit.missing.set(id, 500);
    await rounds(2);
    expect(kit.stuck).toBe(2);
    expect(await kit.left()).toEqual([3, 2, 1]);
  });
});
