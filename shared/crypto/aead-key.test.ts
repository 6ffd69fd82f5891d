import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { errorCode } from "../lib/errors.ts";
import { createFluxCrypto, type FluxCrypto, MAX_AAD_BYTES, MAX_PLAINTEXT_BYTES, type Suite } from "./crypto.ts";
import { loadFluxCrypto, readCryptoBinary } from "./load-node.ts";

const SUITES: readonly Suite[] = ["LEA-256-GCM", "ARIA-256-GCM", "AES-256-GCM"];

let binary: FluxCrypto;
/** The binary for every suite, and the server's AES. */
let everywhere: { name: string; crypto: FluxCrypto; suite: Suite }[];

beforeAll(async () => {
  binary = await createFluxCrypto(await readCryptoBinary());
  everywhere = SUITES.map((suite) => ({ name: `binary ${suite}`, crypto: binary, suite }));
  everywhere.push({ name: "OpenSSL AES-256-GCM", crypto: await loadFluxCrypto(), suite: "AES-256-GCM" });
});

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
  return undefined;
}

const NONCE = new Uint8Array(randomBytes(12));
const AAD = new Uint8Array(randomBytes(29));

describe("AeadKey", () => {
  it("opens what it sealed at every small size and at chunk boundaries", () => {
    for (const { crypto, suite, name } of everywhere) {
      const key = crypto.importKey(suite, randomBytes(32));
      for (const size of [...Array(301).keys(), 65_535, 65_536, 65_537, 200_001]) {
        const data = new Uint8Array(randomBytes(size));
        const sealed = new Uint8Array(size + 16);
        key.sealInto(NONCE, AAD, data, sealed, 0);
        expect(Buffer.compare(key.open(NONCE, AAD, sealed), data), `${name} ${size}`).toBe(0);
      }
      key.dispose();
    }
  });

  it("seals and opens a frame of the largest size", () => {
    for (const { crypto, suite } of everywhere) {
      const key = crypto.importKey(suite, randomBytes(32));
      const data = new Uint8Array(MAX_PLAINTEXT_BYTES).fill(0x5a);
      const sealed = new Uint8Array(data.length + 16);
      key.sealInto(NONCE, AAD, data, sealed, 0);
      expect(Buffer.compare(key.open(NONCE, AAD, sealed), data)).toBe(0);
      key.dispose();
    }
  }, 60_000);

  it("refuses a change of any byte of ciphertext, tag, additional data, nonce or key", () => {
    for (const { crypto, suite, name } of everywhere) {
      const secret = new Uint8Array(randomBytes(32));
      const key = crypto.importKey(suite, secret);
      const data = new Uint8Array(randomBytes(70));
      const sealed = new Uint8Array(86);
      key.sealInto(NONCE, AAD, data, sealed, 0);
      for (let bit = 0; bit < 8; bit++) {
        const altered = (bytes: Uint8Array, at: number): Uint8Array => {
          const copy = bytes.slice();
          copy[at] = (copy[at] ?? 0) ^ (1 << bit);
          return copy;
        };
        for (let at = 0; at < sealed.length; at++) {
          expect(
            codeOf(() => key.open(NONCE, AAD, altered(sealed, at))),
            `${name} sealed[${at}]`,
          ).toBe("crypto.auth_failed");
        }
        for (let at = 0; at < AAD.length; at++) {
          expect(codeOf(() => key.open(NONCE, altered(AAD, at), sealed))).toBe("crypto.auth_failed");
        }
        for (let at = 0; at < NONCE.length; at++) {
          expect(codeOf(() => key.open(altered(NONCE, at), AAD, sealed))).toBe("crypto.auth_failed");
        }
        const other = crypto.importKey(suite, altered(secret, bit));
        expect(codeOf(() => other.open(NONCE, AAD, sealed))).toBe("crypto.auth_failed");
        other.dispose();
      }
      // A refusal leaves the key usable.
      expect(Buffer.compare(key.open(NONCE, AAD, sealed), data)).toBe(0);
      key.dispose();
    }
  });

  it("refuses truncated and extended data", () => {
    for (const { crypto, suite } of everywhere) {
      const key = crypto.importKey(suite, randomBytes(32));
      const sealed = new Uint8Array(48);
      key.sealInto(NONCE, AAD, new Uint8Array(32), sealed, 0);
      for (let size = 0; size < 48; size++) {
        expect(codeOf(() => key.open(NONCE, AAD, sealed.subarray(0, size)))).toBe("crypto.auth_failed");
      }
      const extended = new Uint8Array(49);
      extended.set(sealed);
      expect(codeOf(() => key.open(NONCE, AAD, extended))).toBe("crypto.auth_failed");
      expect(codeOf(() => key.open(NONCE, AAD.subarray(1), sealed))).toBe("crypto.auth_failed");
      key.dispose();
    }
  });

  it("seals pieces as their concatenation, at any offset, and nothing else is written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 6 }),
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(40),
        fc.nat(3),
        (pieces, aad, offset, which) => {
          const place = everywhere[which];
          if (place === undefined) throw new Error("no such place");
          const key = place.crypto.importKey(place.suite, NONCE32);
          const whole = new Uint8Array(Buffer.concat(pieces));
          const one = new Uint8Array(whole.length + 16);
          key.sealInto(NONCE, aad, whole, one, 0);
          const many = new Uint8Array(offset + one.length + 7).fill(0xee);
          expect(key.sealInto(NONCE, aad, pieces, many, offset)).toBe(one.length);
          expect(Buffer.compare(many.subarray(offset, offset + one.length), one)).toBe(0);
          expect(many.subarray(0, offset).every((byte) => byte === 0xee)).toBe(true);
          expect(many.subarray(offset + one.length).every((byte) => byte === 0xee)).toBe(true);
          expect(Buffer.compare(key.open(NONCE, aad, one), whole)).toBe(0);
          key.dispose();
        },
      ),
      { numRuns: 300 },
    );
  });

  it("seals pieces of more than a chunk", () => {
    for (const { crypto, suite } of everywhere) {
      const key = crypto.importKey(suite, randomBytes(32));
      const pieces = [1, 65_536, 7, 70_000, 0, 65_529].map((size) => new Uint8Array(randomBytes(size)));
      const whole = new Uint8Array(Buffer.concat(pieces));
      const [one, many] = [new Uint8Array(whole.length + 16), new Uint8Array(whole.length + 16)];
      key.sealInto(NONCE, AAD, whole, one, 0);
      key.sealInto(NONCE, AAD, pieces, many, 0);
      expect(Buffer.compare(one, many)).toBe(0);
      key.dispose();
    }
  });

  it.each([100, 65_536, 150_000])("seals %i bytes in place and over overlapping input", (size) => {
    for (const { crypto, suite, name } of everywhere) {
      const key = crypto.importKey(suite, randomBytes(32));
      const data = new Uint8Array(randomBytes(size));
      const expected = new Uint8Array(size + 16);
      key.sealInto(NONCE, AAD, data, expected, 0);
      for (const [from, to] of [
        [0, 0],
        [0, 33],
        [33, 0],
        [40, 16],
      ] as const) {
        const shared = new Uint8Array(size + 80);
        shared.set(data, from);
        key.sealInto(NONCE, AAD, shared.subarray(from, from + size), shared, to);
        expect(Buffer.compare(shared.subarray(to, to + size + 16), expected), `${name} ${from} ${to}`).toBe(0);
      }
      key.dispose();
    }
  });

  it.each([0, 100, 65_536, 150_000])("opens %i bytes into a given array, also over its input", (size) => {
    for (const { crypto, suite, name } of everywhere) {
      const key = crypto.importKey(suite, randomBytes(32));
      const data = new Uint8Array(randomBytes(size));
      const sealed = new Uint8Array(size + 16);
      key.sealInto(NONCE, AAD, data, sealed, 0);
      for (const [from, to] of [
        [0, 0],
        [0, 33],
        [33, 0],
      ] as const) {
        const shared = new Uint8Array(size + 64).fill(0xee);
        shared.set(sealed, from);
        expect(key.openInto(NONCE, AAD, shared.subarray(from, from + size + 16), shared, to)).toBe(size);
        expect(Buffer.compare(shared.subarray(to, to + size), data), `${name} ${from} ${to}`).toBe(0);
      }
      const out = new Uint8Array(size + 3).fill(0xee);
      sealed.set([(sealed.at(-1) ?? 0) ^ 1], size + 15);
      expect(codeOf(() => key.openInto(NONCE, AAD, sealed, out, 2))).toBe("crypto.auth_failed");
      expect(out.subarray(0, 2).every((byte) => byte === 0xee) && out[size + 2] === 0xee).toBe(true);
      expect(out.subarray(2, size + 2).every((byte) => byte === 0xee || byte === 0)).toBe(true);
      expect(codeOf(() => key.openInto(NONCE, AAD, sealed, out, 4))).toBe("crypto.no_room");
      key.dispose();
    }
  });

  it("names what is wrong with its arguments", () => {
    for (const { crypto, suite } of everywhere) {
      expect(codeOf(() => crypto.importKey(suite, randomBytes(31)))).toBe("crypto.bad_key");
      const key = crypto.importKey(suite, randomBytes(32));
      const out = new Uint8Array(64);
      expect(codeOf(() => key.sealInto(randomBytes(13), AAD, out, out, 0))).toBe("crypto.bad_nonce");
      expect(codeOf(() => key.open(randomBytes(11), AAD, out))).toBe("crypto.bad_nonce");
      expect(codeOf(() => key.sealInto(NONCE, AAD, new Uint8Array(49), out, 0))).toBe("crypto.no_room");
      expect(codeOf(() => key.sealInto(NONCE, AAD, new Uint8Array(1), out, 48))).toBe("crypto.no_room");
      expect(codeOf(() => key.sealInto(NONCE, AAD, new Uint8Array(1), out, -1))).toBe("crypto.no_room");
      expect(codeOf(() => key.sealInto(NONCE, AAD, new Uint8Array(1), out, 0.5))).toBe("crypto.no_room");
      const long = new Uint8Array(MAX_PLAINTEXT_BYTES + 17);
      expect(codeOf(() => key.sealInto(NONCE, AAD, long, new Uint8Array(0), 0))).toBe("crypto.too_long");
      expect(codeOf(() => key.open(NONCE, AAD, long))).toBe("crypto.too_long");
      expect(codeOf(() => key.open(NONCE, new Uint8Array(MAX_AAD_BYTES + 1), out))).toBe("crypto.too_long");
      key.dispose();
    }
  });

  it("is dead after dispose, and disposing twice is harmless", () => {
    for (const { crypto, suite } of everywhere) {
      const key = crypto.importKey(suite, randomBytes(32));
      key.dispose();
      key.dispose();
      expect(codeOf(() => key.open(NONCE, AAD, new Uint8Array(16)))).toBe("crypto.disposed");
      expect(codeOf(() => key.sealInto(NONCE, AAD, new Uint8Array(1), new Uint8Array(17), 0))).toBe("crypto.disposed");
    }
  });
});

const NONCE32 = new Uint8Array(randomBytes(32));

describe("constantTimeEqual", () => {
  it("compares contents and lengths", () => {
    expect(binary.constantTimeEqual(NONCE, NONCE.slice())).toBe(true);
    expect(binary.constantTimeEqual(NONCE, NONCE.subarray(1))).toBe(false);
    for (let at = 0; at < NONCE.length; at++) {
      const other = NONCE.slice();
      other[at] = (other[at] ?? 0) ^ 0x80;
      expect(binary.constantTimeEqual(NONCE, other)).toBe(false);
    }
  });
});
