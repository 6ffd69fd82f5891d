import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSystem } from "../../record/volume-io.ts";
import { LocalStore } from "./local-store.ts";

const ROUNDS = 100;
const DAY = "6f1f6a0e-3b0d-4a38-9d0a-0d6d2d6f7a11/20261120";

describe("a folder that is emptied while a file is begun in it", () => {
  let root: string;
  let store: LocalStore;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "fluxvision-store-"));
    store = new LocalStore(randomUUID(), root);
  });
  afterEach(() => rm(root, { recursive: true }));

  it("takes a recorder's file in any case: a missing folder would fail the whole volume", async () => {
    const io = fileSystem();
    for (let i = 0; i < ROUNDS; i++) {
      await (await io.create(join(root, DAY, `${i}-1`))).close();
      const [file] = await Promise.all([io.create(join(root, DAY, `${i}-2`)), store.remove(`${DAY}/${i}-1`)]);
      await file.write([new Uint8Array([i & 0xff])], 0);
      await file.close();
      expect(await readdir(join(root, DAY))).toEqual([`${i}-2`]);
      await store.remove(`${DAY}/${i}-2`);
    }
    expect(await readdir(root)).toEqual([]);
  });

  it("takes a copy in any case", async () => {
    const bytes = new Uint8Array(100).fill(7);
    const source = {
      bytes: 100,
      readAt: async (at: number, n: number) => bytes.subarray(at, at + n),
      close: async () => {},
    };
    const options = { signal: new AbortController().signal, pace: async () => {} };
    for (let i = 0; i < ROUNDS / 4; i++) {
      await store.put(`${DAY}/${i}-1`, source, options);
      await Promise.all([store.put(`${DAY}/${i}-2`, source, options), store.remove(`${DAY}/${i}-1`)]);
      expect(await store.read(`${DAY}/${i}-2`, 0, 100)).toEqual(Buffer.from(bytes));
      await store.remove(`${DAY}/${i}-2`);
    }
  });
});
