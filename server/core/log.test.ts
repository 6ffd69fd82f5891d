import { expect, it } from "vitest";
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
