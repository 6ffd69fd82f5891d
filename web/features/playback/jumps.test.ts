import { expect, test } from "vitest";
import type { TimelineMark } from "../../../shared/api/timeline-marks.ts";
import { jumpOrigin } from "./jumps.ts";

const AT = 1_700_000_000_000_000;
const SECOND = 1_000_000;
const mark = (kind: TimelineMark["kind"], seconds: number): TimelineMark => {
  return { kind, cameraId: "camera", startMicros: AT, endMicros: AT + seconds * SECOND };
};

test("marks are looked for from the position, and from nowhere else", () => {
  expect(jumpOrigin(AT + 300_000, undefined, -1)).toBe(AT + 300_000);
  expect(jumpOrigin(AT + 300_000, undefined, 1)).toBe(AT + 300_000);
  const elsewhere = mark("event", 3600);
  expect(jumpOrigin(AT - 9 * SECOND, elsewhere, 1)).toBe(AT - 9 * SECOND);
  expect(jumpOrigin(AT + 9 * SECOND, elsewhere, -1)).toBe(AT + 9 * SECOND);
});

test("back again, while the mark plays, leads to what is before it", () => {
  expect(jumpOrigin(AT + 800_000, mark("event", 60), -1)).toBe(AT);
  expect(jumpOrigin(AT + 1_200_000, mark("event", 60), -1)).toBe(AT + 1_200_000);
  // Forward, nothing is played twice.
  expect(jumpOrigin(AT + 800_000, mark("event", 60), 1)).toBe(AT + 800_000);
});

test("a picture of just before the mark is the mark's", () => {
  expect(jumpOrigin(AT - 40_000, mark("event", 60), 1)).toBe(AT);
  expect(jumpOrigin(AT - 40_000, mark("event", 60), -1)).toBe(AT - 40_000);
});

test("playback that jumped over the gap is no way back to its start", () => {
  expect(jumpOrigin(AT + 3600 * SECOND + 400_000, mark("gap", 3600), -1)).toBe(AT);
  expect(jumpOrigin(AT + 3600 * SECOND + 400_000, mark("gap", 3600), 1)).toBe(AT + 3600 * SECOND + 400_000);
});
