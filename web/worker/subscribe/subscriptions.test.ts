import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { TileSpec } from "../../engine/worker-protocol.ts";
import { planWishes, type Wish } from "./plan.ts";
import { Subscriptions } from "./subscriptions.ts";

function tile(cameraId: string, width: number, height = width, changes: Partial<TileSpec> = {}): TileSpec {
  return { tileId: `${cameraId}-${width}`, cameraId, x: 0, y: 0, width, height, fit: "contain", ...changes };
}

describe("planWishes", () => {
  test("one wish per camera: the largest tile's device pixels", () => {
    const wishes = planWishes([tile("a", 100), tile("b", 300), tile("a", 200, 80)], () => true);
    expect([...wishes.values()]).toEqual([
      { cameraId: "a", widthPx: 200, heightPx: 100, visible: true },
      { cameraId: "b", widthPx: 300, heightPx: 300, visible: true },
    ]);
  });

  test("a zoomed tile asks for more, up to a limit", () => {
    const view = { x: 0, y: 0, width: 0.25, height: 0.01 };
    expect(planWishes([tile("a", 400, 400, { view })], () => true).get("a")).toMatchObject({
      widthPx: 1600,
      heightPx: 3200,
    });
  });

  test("a hidden wall and an empty tile are not visible", () => {
    expect(planWishes([tile("a", 100)], () => false).get("a")?.visible).toBe(false);
    expect(planWishes([tile("a", 0)], () => true).get("a")?.visible).toBe(false);
  });
});

describe("Subscriptions", () => {
  let clock: SimulatedClock;
  let said: (readonly Wish[] | readonly string[])[];
  let subscriptions: Subscriptions;

  beforeEach(() => {
    clock = new SimulatedClock();
    said = [];
    subscriptions = new Subscriptions(clock, {
      subscribe: (cameras) => said.push(cameras),
      unsubscribe: (cameraIds) => said.push(cameraIds),
    });
  });

  const want = (...tiles: TileSpec[]): void => subscriptions.want(planWishes(tiles, () => true));

  test("only the end of a quick change is said", () => {
    for (let width = 100; width < 200; width++) {
      want(tile("a", width));
      clock.advance(millis(10));
    }
    expect(said).toEqual([]);
    clock.advance(millis(50));
    expect(said).toEqual([[{ cameraId: "a", widthPx: 199, heightPx: 199, visible: true }]]);
  });

  test("only what changed is said", () => {
    want(tile("a", 100), tile("b", 100));
    clock.advance(millis(50));
    said = [];
    want(tile("a", 100), tile("b", 120), tile("c", 50));
    clock.advance(millis(50));
    expect(said.flat().map((wish) => (wish as Wish).cameraId)).toEqual(["b", "c"]);
  });

  test("a camera that leaves and comes back within the time is not given up", () => {
    want(tile("a", 100));
    clock.advance(millis(50));
    said = [];
    want();
    want(tile("a", 100));
    clock.advance(millis(50));
    expect(said).toEqual([]);
    want();
    clock.advance(millis(50));
    expect(said).toEqual([["a"]]);
  });

  test("after close nothing is said", () => {
    want(tile("a", 100));
    subscriptions.close();
    clock.advance(millis(100));
    expect(said).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
