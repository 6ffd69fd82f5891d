import { expect, test } from "vitest";
import { mockCamera } from "../../app/testing/mock-api.ts";
import { buildTree, groupPath, inTreeOrder, matches, type TreeRow } from "./build-tree.ts";

const cameras = [
  mockCamera(1, "Camera 10", "Building A/Floor 1"),
  mockCamera(2, "Camera 2", "Building A/Floor 1", "a"),
  mockCamera(3, "Gate", ""),
  mockCamera(4, "Roof", " Building A //"),
];
const line = (row: TreeRow): string =>
  `${"  ".repeat(row.depth)}${row.type === "group" ? `[${row.name} ${row.online}/${row.total}${row.open ? "" : " closed"}]` : row.camera.name}`;
const open = new Set<string>();

test("groups first, cameras in natural order, online counted up to the top", () => {
  expect(buildTree(cameras, "", open).map(line)).toEqual([
    "[Building A 2/3]",
    "  [Floor 1 1/2]",
    "    Camera 2",
    "    Camera 10",
    "  Roof",
    "Gate",
  ]);
});

test("a closed group hides what is in it, a search opens it", () => {
  const closed = new Set(["/Building A"]);
  expect(buildTree(cameras, "", closed).map(line)).toEqual(["[Building A 2/3 closed]", "Gate"]);
  expect(buildTree(cameras, "floor 10", closed).map(line)).toEqual([
    "[Building A 1/1]",
    "  [Floor 1 1/1]",
    "    Camera 10",
  ]);
});

test("every word must be in the name or the group, in any case", () => {
  const camera = mockCamera(1, "Main Entrance", "Site/North");
  expect(matches(camera, "north MAIN")).toBe(true);
  expect(matches(camera, "north south")).toBe(false);
});

test("blank parts of a path do not count", () => {
  expect(groupPath("/ A // B /")).toEqual(["A", "B"]);
  expect(groupPath("")).toEqual([]);
});

test("thousands of cameras make one list, in the order of the tree", () => {
  const many = Array.from({ length: 5000 }, (_, index) => mockCamera(index, `Camera ${index}`, `Site ${index % 20}`));
  expect(inTreeOrder(many)).toHaveLength(5000);
  expect(buildTree(many, "", open)).toHaveLength(5020);
});
