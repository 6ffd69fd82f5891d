import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "../../shared/lib/errors.ts";
import { createGenerationStore, type GenerationRecord } from "./generation.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "generation-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function memoryRecord(start: number): GenerationRecord & { taken: number[] } {
  const taken: number[] = [];
  return {
    taken,
    highest: async () => Math.max(start, ...taken),
    record: async (generation) => void taken.push(generation),
  };
}

describe("generation store", () => {
  it("W13: counts up, also when many ask at once and after a restart", async () => {
    const path = join(folder, "deep", "generation");
    const first = createGenerationStore({ path });
    expect(await Promise.all(Array.from({ length: 20 }, () => first.allocate()))).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(await createGenerationStore({ path }).allocate()).toBe(21);
    expect(await readFile(path, "utf8")).toBe("21\n");
  });

  it("W13: the larger of file and database wins", async () => {
    const path = join(folder, "generation");
    const ahead = memoryRecord(100);
    expect(await createGenerationStore({ path, record: ahead }).allocate()).toBe(101);
    expect(ahead.taken).toEqual([101]);
    const restored = memoryRecord(7);
    expect(await createGenerationStore({ path, record: restored }).allocate()).toBe(102);
  });

  it("W13: a number whose record failed is lost, not given out again", async () => {
    const path = join(folder, "generation");
    let broken = true;
    const record: GenerationRecord = {
      highest: async () => 0,
      record: async () => {
        if (broken) throw new Error("database is down");
      },
    };
    const store = createGenerationStore({ path, record });
    await expect(store.allocate()).rejects.toThrow("database is down");
    broken = false;
    expect(await store.allocate()).toBe(2);
  });

  it.each(["", "12", "abc\n", "0\n", "99999999999\n", "12\n13\n", "-1\n"])(
    "W13: refuses to guess from a counter file that holds %j",
    async (text) => {
      const path = join(folder, "generation");
      await writeFile(path, text);
      const error = await createGenerationStore({ path })
        .allocate()
        .catch((thrown: unknown) => thrown);
      expect(errorCode(error)).toBe("seal.generation_unreadable");
    },
  );

  it("W13: says so when the numbers are used up", async () => {
    const path = join(folder, "generation");
    await writeFile(path, "4294967295\n");
    const error = await createGenerationStore({ path })
      .allocate()
      .catch((thrown: unknown) => thrown);
    expect(errorCode(error)).toBe("seal.generations_spent");
  });
});

describe("kill and restart", () => {
  it("W10 W13 W14: 20 processes killed at any moment repeat no nonce", { timeout: 60_000 }, async () => {
    const script = join(folder, "sealer.mjs");
    await build({
      entryPoints: [fileURLToPath(new URL("./testing/kill-child.ts", import.meta.url))],
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20.19",
      outfile: script,
      logLevel: "error",
    });
    const path = join(folder, "generation");
    const nonces = new Set<string>();
    const generations = new Set<string>();
    let seen = 0;
    for (let life = 0; life < 20; life++) {
      const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
      // Every other life dies while it may still be counting up; the rest in the middle of sealing.
      for await (const line of linesOf(child)) {
        if (line === "started") {
          if (life % 2 === 0) break;
          continue;
        }
        seen++;
        nonces.add(line);
        generations.add(line.slice(0, 8));
        if (seen % 50 === 49) break;
      }
      child.kill("SIGKILL");
      await once(child, "exit");
      for (const line of child.stdout?.read()?.toString().split("\n") ?? []) {
        if (line.length !== 24) continue;
        seen++;
        nonces.add(line);
      }
    }
    expect(seen).toBeGreaterThan(200);
    expect(nonces.size).toBe(seen);
    expect(generations.size).toBeGreaterThanOrEqual(10);
  });
});

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  if (!child.stdout) throw new Error("no output");
  yield* createInterface({ input: child.stdout });
}
