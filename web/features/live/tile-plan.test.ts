import { expect, test } from "vitest";
import { activeTab, initialWall, wallReducer } from "./layout-reducer.ts";
import { planTiles, tileSpecs } from "./tile-plan.ts";

const state = wallReducer(initialWall(), { type: "cameras", cameraIds: ["a", "b", "c"] });
const tab = activeTab(state);
const area = { width: 804, height: 404, gap: 4, column: false };

test("every cell has a place; only cells with a camera are drawn", () => {
  const planned = planTiles(tab, undefined, area);
  expect(planned.map(({ cell, cameraId }) => [cell, cameraId])).toEqual([
    [0, "a"],
    [1, "b"],
    [2, "c"],
    [3, null],
  ]);
  expect(tileSpecs(planned, 0, 404, new Set(["b"]), {})).toEqual([
    { tileId: "a", cameraId: "a", x: 0, y: 0, width: 400, height: 200, fit: "contain" },
    { tileId: "b", cameraId: "b", x: 404, y: 0, width: 400, height: 200, fit: "cover" },
    { tileId: "c", cameraId: "c", x: 0, y: 204, width: 400, height: 200, fit: "contain" },
  ]);
});

test("a tile keeps its identity when its camera moves; a camera shown twice has two", () => {
  const moved = activeTab(wallReducer(state, { type: "swap", from: 0, to: 3 }));
  expect(planTiles(moved, undefined, area).find((tile) => tile.cell === 3)?.tileId).toBe("a");
  const twice = activeTab(wallReducer(state, { type: "place", cell: 3, cameraId: "a" }));
  expect(planTiles(twice, undefined, area).map((tile) => tile.tileId)).toEqual(["a", "b", "c", "a#1"]);
});

test("one tile shown large has the whole area and is drawn alone", () => {
  const planned = planTiles(tab, 1, area);
  expect(planned).toEqual([{ cell: 1, cameraId: "b", tileId: "b", rect: { x: 0, y: 0, width: 804, height: 404 } }]);
  expect(planTiles(tab, 3, area)).toHaveLength(4);
});

test("on a phone cameras lie under each other, and only those in view are drawn where the scroll puts them", () => {
  const phone = { width: 320, height: 400, gap: 4, column: true };
  const planned = planTiles(tab, undefined, phone);
  expect(planned.map(({ rect }) => rect.y)).toEqual([0, 184, 368]);
  expect(tileSpecs(planned, 190, 400, new Set(), {}).map(({ cameraId, y }) => [cameraId, y])).toEqual([
    ["b", -6],
    ["c", 178],
  ]);
});

test("a zoomed tile tells its window", () => {
  const view = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };
  const [first, second] = tileSpecs(planTiles(tab, undefined, area), 0, 404, new Set(), { a: view });
  expect(first?.view).toEqual(view);
  expect(second).not.toHaveProperty("view");
});
