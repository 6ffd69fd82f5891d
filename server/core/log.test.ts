import { DrizzleQueryError } from "drizzle-orm/errors";
import { expect, it } from "vitest";
import { describeError, ownStack } from "../../shared/lib/errors.ts";
import { createLog } from "./log.ts";

it("blanks secrets and credentials in URLs", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line: string) => void lines.push(line) });
  const failure = new Error("cannot reach rtsp://admin:hunter2@10.0.0.9/ch1");
  log.info({ password: "hunter2", camera: { password: "hunter2" }, headers: { authorization: "hunter2" } }, "a");
  log.error({ err: failure }, "b");
  expect(lines).toHaveLength(2);
  expect(lines.join("")).not.toContain("hunter2");
  expect(lines[1]).toContain("rtsp://***@10.0.0.9");
});

it("says which query failed, never with what: parameters are password hashes and sealed values", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line: string) => void lines.push(line) });
  const query = 'insert into "users" values ($1, $2)';
  const failed = new DrizzleQueryError(query, ["kim", "hash-of-hunter2\n    at evil"], new Error("is gone"));
  log.error({ err: failed }, "a");
  log.error({ err: new Error("outer", { cause: failed }) }, "b");
  const text = `${lines.join("")}\n${describeError(failed)}\n${ownStack(failed)}`;
  expect(text).not.toMatch(/hunter2|evil/);
  expect(describeError(failed)).toBe(`a query failed: ${query}: is gone`);
  expect(lines[0]).toContain("log.test.ts");
});
