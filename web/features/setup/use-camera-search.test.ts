import { expect, it } from "vitest";
import type { DiscoveredCamera } from "../../../shared/api/discovery.ts";
import { deviceOf, merged } from "./use-camera-search.ts";

const found: DiscoveredCamera = {
  ...{ address: "10.0.0.9", port: 554, name: "", manufacturer: "", model: "", location: "" },
  source: "scan",
  known: false,
};

it("a device is called what it calls itself, else by its address; one that is there is not chosen", () => {
  expect(deviceOf(found).title).toBe("10.0.0.9");
  expect(deviceOf({ ...found, name: "Gate", model: "X1" }).title).toBe("Gate X1");
  expect(deviceOf({ ...found, name: "x".repeat(300) }).title).toHaveLength(100);
  expect(deviceOf({ ...found, known: true })).toMatchObject({ chosen: false, state: { kind: "known" } });
});

it("a second search adds what is new and leaves the rest as it was", () => {
  const before = [{ ...deviceOf(found), title: "Renamed", state: { kind: "added" as const } }];
  const after = merged(before, [found, { ...found, port: 8554 }]);
  expect(after.map(({ title, port }) => [title, port])).toEqual([
    ["Renamed", 554],
    ["10.0.0.9", 8554],
  ]);
});
