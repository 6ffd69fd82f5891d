import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../crypto/load-node.ts";
import { fromHex, runFrameVectors, toHex } from "./vector-run.ts";
import frames from "./vectors/frames.json" with { type: "json" };
import keys from "./vectors/keys.json" with { type: "json" };

const utf8 = new TextEncoder();

function u32s(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, index) => {
    view.setUint32(4 * index, value);
  });
  return new Uint8Array(view.buffer);
}

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

async function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array): Promise<string> {
  const material = await crypto.subtle.importKey("raw", new Uint8Array(ikm), "HKDF", false, ["deriveBits"]);
  const params = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(salt), info: new Uint8Array(info) };
  return toHex(new Uint8Array(await crypto.subtle.deriveBits(params, material, 256)));
}

describe("golden vectors", () => {
  it("W1 W2 W4 W5 W6 W10 W11 W90: frames.json both ways", async () => {
    const fluxCrypto = await loadFluxCrypto();
    expect(frames.frames.length).toBeGreaterThan(5);
    expect(frames.malformed.length).toBeGreaterThan(5);
    expect(runFrameVectors(fluxCrypto, frames as Parameters<typeof runFrameVectors>[1])).toEqual([]);
  });

  it("W11: the vectors are what another implementation seals", () => {
    const others = frames.frames.filter(({ suite }) => suite !== "LEA-256-GCM");
    expect(others.length).toBeGreaterThan(1);
    for (const vector of others) {
      const sealed = fromHex(vector.sealed);
      const name = vector.suite === "AES-256-GCM" ? "aes-256-gcm" : "aria-256-gcm";
      const cipher = createCipheriv(name as "aes-256-gcm", fromHex(vector.key), fromHex(vector.header.nonce), {
        authTagLength: 16,
      });
      cipher.setAAD(sealed.subarray(0, 72));
      const body = Buffer.concat([cipher.update(fromHex(vector.payload)), cipher.final(), cipher.getAuthTag()]);
      expect(toHex(body)).toBe(toHex(sealed.subarray(72)));
    }
  });

  it("W3 W12: no bit of a sealed frame can be changed", async () => {
    const fluxCrypto = await loadFluxCrypto();
    for (const vector of frames.frames.slice(0, 4)) {
      const sealed = fromHex(vector.sealed);
      const key = fluxCrypto.importKey(vector.suite as "LEA-256-GCM", fromHex(vector.key));
      const nonce = fromHex(vector.header.nonce);
      for (let at = 0; at < sealed.byteLength; at++) {
        const forged = sealed.slice();
        forged[at] = (forged[at] ?? 0) ^ (1 << (at % 8));
        expect(() => key.open(nonce, forged.subarray(0, 72), forged.subarray(72)), `byte ${at}`).toThrow();
      }
      key.dispose();
    }
  });

  it.each(keys.epochKeys)("$name", async ({ dek, salt, epoch, generation, cameraId, key }) => {
    const info = concat(utf8.encode("fluxvision epoch v1"), u32s(epoch, generation), utf8.encode(cameraId));
    expect(await hkdf(fromHex(dek), fromHex(salt), info)).toBe(key);
  });

  it.each(keys.sessions)("$name", async (vector) => {
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const info = concat(
      utf8.encode("fluxvision session v1"),
      fromHex(vector.clientPublic),
      fromHex(vector.serverPublic),
    );
    for (const [mine, theirs] of [
      [vector.clientPrivateJwk, vector.serverPublic],
      [vector.serverPrivateJwk, vector.clientPublic],
    ] as const) {
      const privateKey = await crypto.subtle.importKey("jwk", mine, curve, false, ["deriveBits"]);
      const publicKey = await crypto.subtle.importKey("raw", new Uint8Array(fromHex(theirs)), curve, false, []);
      const secret = new Uint8Array(await crypto.subtle.deriveBits({ ...curve, public: publicKey }, privateKey, 256));
      expect(await hkdf(secret, fromHex(vector.salt), info)).toBe(vector.sessionKey);
    }
  });

  it.each(keys.grants)("$name", async (vector) => {
    const fluxCrypto = await loadFluxCrypto();
    const wrapped = new Uint8Array(Buffer.from(vector.wrapped, "base64"));
    expect(wrapped.byteLength).toBe(60);
    const aad = (cameraId: string): Uint8Array =>
      concat(
        utf8.encode("fluxvision grant v1"),
        utf8.encode(cameraId),
        u32s(vector.keyId, vector.generation, vector.epoch),
      );
    const key = fluxCrypto.importKey("ARIA-256-GCM", fromHex(vector.sessionKey));
    const open = (cameraId: string): Uint8Array =>
      key.open(wrapped.subarray(0, 12), aad(cameraId), wrapped.subarray(12));
    expect(toHex(open(vector.cameraId))).toBe(vector.epochKey);
    expect(() => open("00000000-0000-4000-8000-000000000000")).toThrow();
  });
});
