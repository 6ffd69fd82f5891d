import { expect, test } from "vitest";
// @ts-expect-error a plain script without types
import { summarise } from "./test-summary.mjs";

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((result) => ({ status: result })),
});

test.each([
  ["all pass", { testResults: [file("passed", "passed", "passed")] }, 0, { passed: 2, failed: 0, skipped: 0 }],
  ["a failure", { testResults: [file("failed", "passed", "failed")] }, 1, { passed: 1, failed: 1, skipped: 0 }],
  [
    "skipped and todo",
    { testResults: [file("passed", "passed", "pending", "todo")] },
    0,
    { passed: 1, failed: 0, skipped: 2 },
  ],
  [
    "a file that does not load",
    { testResults: [file("failed"), file("passed", "passed")] },
    1,
    { passed: 1, failed: 1, skipped: 0 },
  ],
  ["an unhandled rejection", { testResults: [file("passed", "passed")] }, 1, { passed: 1, failed: 1, skipped: 0 }],
  ["no report", undefined, 1, { passed: 0, failed: 1, skipped: 0 }],
  ["no report though vitest claims success", undefined, 0, { passed: 0, failed: 1, skipped: 0 }],
])("%s", (_name, report, exitCode, counts) => {
  expect(summarise(report, exitCode)).toEqual(counts);
});
