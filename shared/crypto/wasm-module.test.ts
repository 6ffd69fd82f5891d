import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { errorCode } from "../lib/errors.ts";
import { WasmAeadKey } from "./aead-key.ts";
import { createFluxCrypto } from "./crypto.ts";
import { readCryptoBinary } from "./load-node.ts";
import { WasmModule } from "./wasm-module.ts";

async function newModule(): Promise<WasmModule> {
  return WasmModule.instantiate(await readCryptoBinary());
}

function holds(memory: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(memory).includes(Buffer.from(part));
}

describe("WasmModule", () => {
  it("rejects what is not the binary", async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    await expect(createFluxCrypto(empty).catch(errorCode)).resolves.toBe("crypto.unavailable");
    await expect(createFluxCrypto(new Uint8Array(3)).catch(errorCode)).resolves.toBe("crypto.unavailable");
  });

  it.each([
    ["LEA-256-GCM", 1],
    ["ARIA-256-GCM", 2],
    ["AES-256-GCM", 3],
  ] as const)("keeps nothing of a key of %s after dispose", async (suite, cipher) => {
    const wasm = await newModule();
    const secret = new Uint8Array(randomBytes(32));
    const fresh = wasm.bytes.slice();
    const slot = wasm.takeSlot();
    wasm.bytes.set(secret, wasm.params);
    wasm.calls.importKey(cipher, slot, wasm.params, 32, 1);
    const key = new WasmAeadKey(suite, wasm, slot);
    const schedule = wasm.bytes.slice(slot + 16, slot + 48);
    expect(schedule.some((byte) => byte !== 0)).toBe(true);
    const data = new Uint8Array(randomBytes(70_000));
    const sealed = new Uint8Array(70_016);
    key.sealInto(new Uint8Array(12), data.subarray(0, 50), data, sealed, 0);
    key.open(new Uint8Array(12), data.subarray(0, 50), sealed);
    key.dispose();
    // Work areas too: an unmasked hash value would give the hash key away.
    expect(Buffer.compare(wasm.bytes.subarray(0, fresh.length), fresh)).toBe(0);
    expect(holds(wasm.bytes, secret)).toBe(false);
    expect(wasm.bytes.subarray(slot).every((byte) => byte === 0)).toBe(true);
  });

  it("releases no plaintext of a refused frame, not even inside", async () => {
    const wasm = await newModule();
    const slot = wasm.takeSlot();
    wasm.bytes.set(randomBytes(32), wasm.params);
    wasm.calls.importKey(1, slot, wasm.params, 32, 1);
    const key = new WasmAeadKey("LEA-256-GCM", wasm, slot);
    const data = new Uint8Array(randomBytes(5000));
    const sealed = new Uint8Array(5016);
    key.sealInto(new Uint8Array(12), new Uint8Array(0), data, sealed, 0);
    sealed.set([(sealed.at(-1) ?? 0) ^ 1], 5015);
    expect(() => key.open(new Uint8Array(12), new Uint8Array(0), sealed)).toThrow();
    expect(holds(wasm.bytes, data.subarray(0, 32))).toBe(false);
    expect(holds(wasm.bytes, data.subarray(4968))).toBe(false);
  });

  it("reuses slots, and says when live keys fill its fixed memory", async () => {
    const crypto = await createFluxCrypto(await readCryptoBinary());
    const secret = randomBytes(32);
    for (let i = 0; i < 20_000; i++) crypto.importKey("LEA-256-GCM", secret).dispose();
    const keys = [];
    let code: string | undefined;
    while (code === undefined && keys.length < 100_000) {
      try {
        keys.push(crypto.importKey("LEA-256-GCM", secret));
      } catch (error) {
        code = errorCode(error);
      }
    }
    expect(code).toBe("crypto.too_many_keys");
    expect(keys.length).toBeGreaterThan(2000);
    keys.pop()?.dispose();
    const sealed = new Uint8Array(17);
    const again = crypto.importKey("LEA-256-GCM", secret);
    again.sealInto(new Uint8Array(12), new Uint8Array(0), new Uint8Array(1), sealed, 0);
    const [first] = keys;
    expect(first?.open(new Uint8Array(12), new Uint8Array(0), sealed)).toEqual(new Uint8Array(1));
  });
});
