import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { lockDataFolder } from "./data-lock.ts";
import { OpenFolder } from "./open-folder.ts";

const clock = systemClock();
let folder: OpenFolder;
beforeEach(async () => {
  folder = new OpenFolder(await mkdtemp(join(tmpdir(), "fv-lock-")));
});
afterEach(async () => {
  folder.close();
  await rm(folder.path, { recursive: true });
});

it("lets one server in, and the next one after it has gone", async () => {
  const lock = await lockDataFolder(folder, clock);
  await expect(lockDataFolder(folder, clock)).rejects.toMatchObject({ code: "data.in_use" });
  await lock.close();
  await (await lockDataFolder(folder, clock)).close();
  expect(await readdir(folder.path)).toEqual([]);
});

it("takes over what a killed server left behind", async () => {
  await writeFile(join(folder.path, "lock.dead"), ""); // A socket that nobody listens on refuses just like a file.
  const lock = await lockDataFolder(folder, clock);
  expect(await readdir(folder.path)).toHaveLength(1);
  await lock.close();
});

it("never lets two of many in that start at once", async () => {
  for (let round = 0; round < 20; round++) {
    await writeFile(join(folder.path, "lock.dead"), "");
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => lockDataFolder(folder, clock)));
    const won = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    await Promise.all(won.map((lock) => lock.close()));
  }
});

it("works below a path that is too long for a socket's name", async () => {
  const deep = new OpenFolder(join(folder.path, "d".repeat(120)));
  const lock = await lockDataFolder(deep, clock);
  await expect(lockDataFolder(deep, clock)).rejects.toMatchObject({ code: "data.in_use" });
  await lock.close();
  deep.close();
});
