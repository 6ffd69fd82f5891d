import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "../testkit/tools.ts";
import { UsageError } from "./cli.ts";
import { runVectors } from "./vectors.ts";

const own = fileURLToPath(new URL("../../shared/crypto/vectors/own.json", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vectors-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const code = await runVectors(args, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

async function fileOf(text: string): Promise<string> {
  const path = join(folder, "vectors.json");
  await writeFile(path, text);
  return path;
}

describe("fluxvision vectors", () => {
  it("passes this repository's vectors", async () => {
    expect(await run(own)).toEqual({ code: 0, out: "31 passed, 0 failed\n", err: "" });
  });

  it.skipIf(findChromium() === undefined)(
    "passes them in Chromium, on every binary (skipped: no Chromium)",
    async () => {
      expect(await run(own, "--browser")).toEqual({ code: 0, out: "31 passed, 0 failed\n", err: "" });
    },
  );

  it("counts and names vectors that fail", async () => {
    const text = await readFile(own, "utf8");
    const broken = JSON.parse(text);
    broken.gcm[0].tag = "00".repeat(16);
    broken.block[1].ciphertext = "00".repeat(16);
    broken.ctr[0].cipher = "SEED-128-CTR";
    const { code, out, err } = await run(await fileOf(JSON.stringify(broken)));
    expect({ code, out }).toEqual({ code: 1, out: "28 passed, 3 failed\n" });
    expect(err).toMatch(/block\[1\] LEA: .*\nctr\[0\] SEED-128-CTR: unknown cipher .*\ngcm\[0\] LEA-256-GCM: /);
  });

  it.each([
    ["an empty list", '{"gcm":[]}', "it holds no vectors"],
    ["no JSON", "hello", "the file is not JSON"],
    [
      "a missing field",
      '{"gcm":[{"cipher":"LEA-256-GCM","key":"00","plaintext":"","ciphertext":"","aad":"","iv":""}]}',
      "gcm[0].tag",
    ],
    [
      "a field that is not hexadecimal",
      '{"block":[{"cipher":"LEA","key":"0g","plaintext":"","ciphertext":""}]}',
      "block[0].key",
    ],
  ])("fails on %s", async (_, text, reason) => {
    const { code, out, err } = await run(await fileOf(text));
    expect({ code, out }).toEqual({ code: 1, out: "0 passed, 1 failed\n" });
    expect(err).toContain(reason);
  });

  it("fails on a file that cannot be read, and refuses a wrong call", async () => {
    expect((await run(join(folder, "absent.json"))).code).toBe(1);
    await expect(run()).rejects.toBeInstanceOf(UsageError);
    await expect(run(own, "--fast")).rejects.toBeInstanceOf(UsageError);
  });
});
