import { expect, test } from "vitest";
import { snapshotName } from "./save-blob.ts";

const at = new Date(2026, 0, 5, 7, 8, 9);

test.each([
  ["Main entrance", "Main entrance 2026-01-05 07-08-09.png"],
  ["주차장 출입구", "주차장 출입구 2026-01-05 07-08-09.png"],
  ["../../etc/passwd", "etc passwd 2026-01-05 07-08-09.png"],
  ["a\u202Egnp.exe\u0000", "a gnp.exe 2026-01-05 07-08-09.png"],
  ["???", "camera 2026-01-05 07-08-09.png"],
])("the snapshot of %j is %j", (name, file) => {
  expect(snapshotName(name, at)).toBe(file);
});
