import { describe, expect, test } from "vitest";
import type { ScopedPolicy, StorageVolume } from "../../../shared/api/recording.ts";
import type { Camera } from "../../../shared/api/schemas.ts";
import { mockCamera } from "../../app/testing/mock-api.ts";
import { byteText } from "./byte-text.ts";
import { estimate } from "./estimate.ts";
import { camerasBelow, changeSetting, type DraftParts, setting, targetOf, withChanges } from "./policy-draft.ts";
import { copyDay, filledWeek, fillSpan, hoursOf, paint, spansOf } from "./week-grid.ts";

const gate = mockCamera(1, "Gate", " Plant / Hall 2 ");
const yard = mockCamera(2, "Yard", "Plant");
const lobby = mockCamera(3, "Lobby", "");
const cameras = [gate, yard, lobby];
const byId = new Map(cameras.map((camera) => [camera.id, camera]));
const at = (scope: ScopedPolicy["scope"], target: string, policy: ScopedPolicy["policy"]): ScopedPolicy => {
  return { scope, target, policy };
};

describe("settings of several scopes", () => {
  const policies = [
    at("system", "system", { retentionDays: 14 }),
    at("group", "Plant", { retentionDays: 60, mode: "event" }),
    at("camera", gate.id, { retentionDays: 7 }),
  ];
  const parts = (targets: readonly string[], changes: DraftParts["changes"] = {}): DraftParts => {
    return { policies, targets: targets.map(targetOf), changes, cameras: byId };
  };

  test("each value with where it comes from, and what would be inherited", () => {
    expect(setting(parts([`camera:${gate.id}`]), "retentionDays")).toEqual({
      value: 7,
      from: "camera",
      own: 1,
      inherited: 60,
      inheritedFrom: "group:Plant",
      overriddenBelow: 0,
      changed: false,
    });
    expect(setting(parts([`camera:${gate.id}`]), "mode")).toMatchObject({
      value: "event",
      from: "group:Plant",
      own: 0,
    });
    expect(setting(parts(["system:system"]), "retentionDays")).toMatchObject({ from: "system", overriddenBelow: 2 });
    expect(setting(parts(["group:Plant"]), "retentionDays")).toMatchObject({ inherited: 14, overriddenBelow: 1 });
  });

  test("scopes that differ have no one value", () => {
    const both = setting(parts([`camera:${gate.id}`, `camera:${yard.id}`]), "retentionDays");
    expect(both).toMatchObject({ value: undefined, from: undefined, own: 1, inherited: 60 });
  });

  test("a change shows at once; taken back it is none; inherited again the scope falls silent", () => {
    const key = `camera:${gate.id}`;
    expect(setting(parts([key], { retentionDays: 3 }), "retentionDays")).toMatchObject({ value: 3, changed: true });
    expect(setting(parts([key], { retentionDays: null }), "retentionDays")).toMatchObject({ value: 60, own: 0 });
    const changed = changeSetting(parts([key]), "retentionDays", 3);
    expect(changed).toEqual({ retentionDays: 3 });
    expect(changeSetting({ ...parts([key]), changes: changed }, "retentionDays", 7)).toEqual({});
    const silent = withChanges(policies, [targetOf(key)], { retentionDays: null });
    expect(silent.map(({ scope }) => scope)).toEqual(["system", "group"]);
  });

  test("cameras below a group, whatever blanks its path has", () => {
    const names = (key: string): string[] => camerasBelow(targetOf(key), cameras).map(({ name }) => name);
    expect(names("group:Plant")).toEqual(["Gate", "Yard"]);
    expect(names("group:Plant/Hall 2")).toEqual(["Gate"]);
    expect(names("group:Pla")).toEqual([]);
    expect(names("system:system")).toHaveLength(3);
  });
});

describe("the week", () => {
  test("is painted in rectangles, from any corner", () => {
    const week = paint(filledWeek("-"), { day: 2, slot: 10 }, { day: 1, slot: 8 }, "c");
    expect(week.map((slots) => slots.indexOf("c"))).toEqual([-1, 8, 8, -1, -1, -1, -1]);
    expect(hoursOf(week, "c")).toBe(3);
    expect(spansOf(week[1] ?? "")).toEqual([
      { brush: "-", start: 0, end: 8 },
      { brush: "c", start: 8, end: 11 },
      { brush: "-", start: 11, end: 48 },
    ]);
  });

  test("a span over midnight goes on the next day, Sunday's on Monday", () => {
    const week = fillSpan(filledWeek("-"), [6], 44, 12, "e");
    expect(week[6]?.indexOf("e")).toBe(44);
    expect(week[0]?.lastIndexOf("e")).toBe(11);
    expect(hoursOf(week, "e")).toBe(8);
    expect(hoursOf(fillSpan(filledWeek("-"), [0], 0, 48, "c"), "c")).toBe(24);
  });

  test("days are copied", () => {
    const week = copyDay(paint(filledWeek("-"), { day: 0, slot: 0 }, { day: 0, slot: 47 }, "c"), 0, [1, 2]);
    expect(hoursOf(week, "c")).toBe(72);
  });
});

describe("the space that settings need", () => {
  const volume = (id: string, freeBytes: number): StorageVolume => ({
    id,
    name: id,
    kind: "local",
    tier: "hot",
    location: `/${id}`,
    pathStyle: true,
    moveAtPercent: null,
    moveMbitPerSecond: null,
    hasCredentials: false,
    reserveBytes: 1e9,
    priority: 0,
    enabled: true,
    state: "ok",
    stateDetail: null,
    totalBytes: 1e13,
    freeBytes,
    usedBytes: 1e9,
    segments: 1,
    daysLeft: null,
  });
  const streaming = (camera: Camera, bitrateKbps: number): Camera => {
    const stream = { role: "main", bitrateKbps } as Camera["status"]["streams"][number];
    return { ...camera, status: { ...camera.status, streams: [stream] } };
  };
  const list = [streaming(gate, 4000), streaming(yard, 4000), streaming(lobby, 0)];
  const usage = { atMicros: 0, volumes: [], cameras: [] };
  const all = new Set(list.map(({ id }) => id));

  test("4 Mbit/s all day are 43.2 GB; cameras that share the volumes share the room", () => {
    const found = estimate(
      { cameras: list, policies: [], usage, volumes: [volume("a", 8.64e10 * 10)] },
      new Set([gate.id]),
    );
    expect(found.bytesPerDay).toBeCloseTo(43.2e9, -6);
    expect(found.neededBytes).toBeCloseTo(43.2e9 * 30, -6);
    expect(found.capacityBytes).toBe(8.64e11);
    expect(found.daysThatFit).toBeCloseTo(10, 3);
    expect(found.short).toBe(true);
  });

  test("schedules and limits need less, what was recorded counts before what comes in now, the unmeasured is told", () => {
    const half = { timeZone: "UTC", days: fillSpan(filledWeek("-"), [0, 1, 2, 3, 4, 5, 6], 0, 24, "c") };
    const policies = [
      at("camera", gate.id, { mode: "schedule", schedule: half }),
      at("camera", yard.id, { mode: "off" }),
      at("camera", lobby.id, { maxBytes: 5e9 }),
    ];
    const measured = {
      ...usage,
      cameras: [
        {
          cameraId: gate.id,
          role: "main" as const,
          bytes: 1,
          firstMicros: 0,
          lastMicros: 1,
          bytesLastDay: 1e6,
          secondsLastDay: 1000,
        },
      ],
    };
    const found = estimate({ cameras: list, policies, usage: measured, volumes: [volume("a", 1e12)] }, all);
    expect(found.cameras.map(({ bytesPerDay }) => bytesPerDay)).toEqual([1000 * 43_200, 0, undefined]);
    expect(found).toMatchObject({ unknown: 1, short: false });
  });

  test("a limit of size is shared by the cameras that have it from the same place", () => {
    const policies = [
      at("system", "system", { maxBytes: 43.2e9, retentionDays: 10 }),
      at("camera", yard.id, { maxBytes: 43.2e9 * 5 }),
    ];
    const four = [streaming(gate, 4000), streaming(yard, 4000), streaming(lobby, 4000)];
    const parts = { cameras: four, policies, usage, volumes: [volume("a", 1e13)] };
    const found = estimate(parts, all);
    // Gate and Lobby share one day's worth: half a day each.
    expect(found.cameras.map(({ keptDays }) => keptDays)).toEqual([0.5, 5, 0.5].map((days) => expect.closeTo(days, 3)));
    expect(found.neededBytes).toBeCloseTo(43.2e9 * 6, -6);
    expect(estimate(parts, new Set([gate.id])).neededBytes).toBeCloseTo(43.2e9 / 2, -6);
  });

  test("volumes that do not answer have no known room", () => {
    const gone = { ...volume("a", 0), freeBytes: null };
    const found = estimate({ cameras: list, policies: [], usage, volumes: [gone] }, all);
    expect(found).toMatchObject({ capacityBytes: undefined, daysThatFit: undefined, short: false });
  });
});

test("bytes in decimal units, three digits", () => {
  expect([0, 999, 1000, 12_345_678, 43.2e9, 1.2345e15].map(byteText)).toEqual([
    "0 B",
    "999 B",
    "1.00 KB",
    "12.3 MB",
    "43.2 GB",
    "1.23 PB",
  ]);
});
