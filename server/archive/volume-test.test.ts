import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { testFolder } from "./volume-test.ts";

describe("a folder that may become a volume", () => {
  const clock = systemClock();
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "fluxvision-folder-"));
    await writeFile(join(root, "file"), "x");
  });
  afterAll(() => rm(root, { recursive: true }));

  it("is measured and left as it was", async () => {
    const result = await testFolder(root, clock);
    expect(result).toMatchObject({ ok: true, problem: null, willBeMade: false });
    expect(result.freeBytes).toBeGreaterThan(0);
    expect(result.writeBytesPerSecond).toBeGreaterThan(0);
    expect(await readdir(root)).toEqual(["file"]);
  });

  it("that is not there yet is not there afterwards either", async () => {
    const result = await testFolder(join(root, "a", "b"), clock);
    expect(result).toMatchObject({ ok: true, willBeMade: true });
    expect(existsSync(join(root, "a"))).toBe(false);
  });

  it("says what is wrong", async () => {
    expect(await testFolder("relative", clock)).toMatchObject({ ok: false, problem: "must be an absolute path" });
    const below = await testFolder(join(root, "file", "x"), clock);
    expect(below.ok).toBe(false);
    expect(below.problem).toMatch(/ENOTDIR|not a directory/i);
  });
});
