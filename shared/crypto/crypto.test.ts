import { type CipherGCMTypes, createCipheriv, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { createFluxCrypto, type FluxCrypto, type Suite } from "./crypto.ts";
import { loadFluxCrypto, readCryptoBinary } from "./load-node.ts";
import { referenceLeaGcm } from "./testkit/reference-lea-gcm.ts";
import { checkVectors, parseVectors } from "./vectors.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const ownVectors = fileURLToPath(new URL("./vectors/own.json", import.meta.url));
const foreignVectors = fileURLToPath(new URL("../../../shared/vectors/lea-aria.json", import.meta.url));

/** The binary alone: AES too. */
let crypto: FluxCrypto;
/** As the server loads it: AES from OpenSSL. */
let server: FluxCrypto;

beforeAll(async () => {
  crypto = await createFluxCrypto(await readCryptoBinary());
  server = await loadFluxCrypto();
});

function seal(on: FluxCrypto, suite: Suite, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, data: Uint8Array) {
  const imported = on.importKey(suite, key);
  const out = new Uint8Array(data.length + 16);
  expect(imported.sealInto(nonce, aad, data, out, 0)).toBe(data.length + 16);
  imported.dispose();
  return out;
}

function openssl(name: string, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, data: Uint8Array): Buffer {
  const cipher = createCipheriv(name as CipherGCMTypes, key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: data.length });
  return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
}

describe("block ciphers", () => {
  it("encrypts the LEA-256 example of TTAK.KO-12.0223", () => {
    const key = hex("0f1e2d3c4b5a69788796a5b4c3d2e1f0f0e1d2c3b4a5968778695a4b3c2d1e0f");
    const block = hex("303132333435363738393a3b3c3d3e3f");
    expect(toHex(crypto.leaBlock(key, block))).toBe("d651aff647b189c13a8900ca27f9e197");
  });

  it("encrypts the ARIA-256 example of RFC 5794", () => {
    const key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    const block = hex("00112233445566778899aabbccddeeff");
    expect(toHex(crypto.ariaBlock(key, block))).toBe("f92bd7c79fb72e2f2b8f80c1972d24fc");
  });

  it.each(["ARIA", "AES"] as const)("agrees with OpenSSL on %s of every key length", (cipher) => {
    for (const bytes of [16, 24, 32]) {
      for (let round = 0; round < 20; round++) {
        const [key, block] = [randomBytes(bytes), randomBytes(16)];
        const peer = createCipheriv(`${cipher.toLowerCase()}-${bytes * 8}-ecb`, key, null).setAutoPadding(false);
        expect(toHex(crypto.block(cipher, key, block))).toBe(peer.update(block, undefined, "hex"));
      }
    }
  });

  it("carries a CTR counter over 32 and over 128 bits", () => {
    const [key, data] = [randomBytes(32), randomBytes(1000)];
    for (const counter of ["ffffffffffffffffffffffffffffffff", "00000000000000000000000afffffffe"]) {
      for (const cipher of ["ARIA", "AES"] as const) {
        const peer = createCipheriv(`${cipher.toLowerCase()}-256-ctr`, key, hex(counter));
        expect(toHex(crypto.ctr(cipher, key, hex(counter), data))).toBe(peer.update(data, undefined, "hex"));
      }
    }
  });
});

describe("known answers", () => {
  it("passes the vectors of this repository, on the binary and as the server loads it", () => {
    const file = parseVectors(readFileSync(ownVectors, "utf8"));
    const total = file.block.length + file.ctr.length + file.gcm.length;
    expect(checkVectors(crypto, file)).toEqual({ passed: total, failures: [] });
    expect(checkVectors(server, file)).toEqual({ passed: total, failures: [] });
  });

  it.skipIf(!existsSync(foreignVectors))("passes foreign vectors (skipped: ../shared/vectors is absent)", () => {
    const file = parseVectors(readFileSync(foreignVectors, "utf8"));
    const report = checkVectors(crypto, file);
    expect(report.failures).toEqual([]);
    expect(report.passed).toBe(file.block.length + file.ctr.length + file.gcm.length);
  });
});

describe("agreement with independent implementations", () => {
  // Around every boundary: block, eight blocks, sixteen, the wide path's 512, its groups, the 64 KiB chunk.
  const sizes = [...Array(301).keys(), 511, 512, 513, 767, 768, 1023, 1024, 1040, 1279, 1281, 2047, 5000];

  it("seals LEA-256-GCM like a plain implementation of the standards", () => {
    for (const size of sizes.filter((size) => size < 40 || size % 7 === 0 || size > 300)) {
      const [key, nonce] = [randomBytes(32), randomBytes(12)];
      const [aad, data] = [randomBytes(size % 67), randomBytes(size)];
      expect(toHex(seal(crypto, "LEA-256-GCM", key, nonce, aad, data)), `${size} bytes`).toBe(
        toHex(referenceLeaGcm(key, nonce, aad, data)),
      );
    }
  });

  it.each([
    ["ARIA-256-GCM", "aria-256-gcm"],
    ["AES-256-GCM", "aes-256-gcm"],
  ] as const)("seals %s like OpenSSL", (suite, name) => {
    for (const size of [...sizes, 65_535, 65_536, 65_537, 131_073, 1_000_003]) {
      const [key, nonce] = [randomBytes(32), randomBytes(12)];
      const [aad, data] = [randomBytes((size * 5) % 700), randomBytes(size)];
      const expected = openssl(name, key, nonce, aad, data);
      expect(expected.equals(seal(crypto, suite, key, nonce, aad, data)), `${size} bytes`).toBe(true);
    }
  });

  it("hashes long additional data", () => {
    for (const size of [511, 512, 65_535, 65_536]) {
      const [key, nonce, aad, data] = [randomBytes(32), randomBytes(12), randomBytes(size), randomBytes(33)];
      const expected = openssl("aria-256-gcm", key, nonce, aad, data);
      expect(expected.equals(seal(crypto, "ARIA-256-GCM", key, nonce, aad, data))).toBe(true);
    }
  });
});
