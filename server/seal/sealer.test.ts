import { beforeAll, describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { FluxCrypto } from "../../shared/crypto/types.ts";
import { errorCode } from "../../shared/lib/errors.ts";
import { micros } from "../../shared/lib/time.ts";
import type { AccessUnit } from "../../shared/media/types.ts";
import { FLAG, HEADER_BYTES, MAX_PAYLOAD_BYTES, readFrame, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import type { SealKey } from "../ingest/protocol.ts";
import { KeyRing } from "./key-ring.ts";
import { NonceCounters, StreamSealer } from "./sealer.ts";

let crypto: FluxCrypto;
beforeAll(async () => {
  crypto = await loadFluxCrypto();
});

function unit(fields: Partial<AccessUnit> = {}): AccessUnit {
  return {
    codec: "h264",
    keyframe: false,
    disposable: false,
    discontinuity: false,
    codecChange: false,
    pts: micros(80_000),
    dts: micros(40_000),
    cameraTime: undefined,
    arrivalTime: micros(1_780_000_000_100_000),
    data: [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)],
    ...fields,
  };
}

function sealKey(epoch: number, fields: Partial<SealKey> = {}): SealKey {
  return { cameraId: "a", suite: "LEA-256-GCM", keyId: 9, epoch, key: new Uint8Array(32).fill(epoch), ...fields };
}

const stamp = { captureTime: micros(1_780_000_000_000_000), cameraClock: true };

describe("sealer", () => {
  it("W1 W10 W11: a unit of several pieces becomes one frame that opens", () => {
    const ring = new KeyRing(crypto);
    ring.put(sealKey(5));
    const key = ring.get("a", 5);
    if (!key) throw new Error("no key");
    const sealer = new StreamSealer(new NonceCounters(3), 42);
    const out = new Uint8Array(400);
    const written = sealer.seal(unit({ keyframe: true, disposable: true }), stamp, key, out, 100);
    expect(written).toBe(sealedFrameBytes(5));
    const frame = readFrame(out, 100);
    expect(frame?.header).toMatchObject({
      suite: 1,
      flags: FLAG.keyframe | FLAG.disposable | FLAG.cameraClock,
      streamId: 42,
      keyId: 9,
      epoch: 5,
      length: 5,
      sequence: 0,
      captureTime: stamp.captureTime,
      pts: 80_000,
      ptsMinusDts: 40_000,
    });
    const nonce = frame?.header.nonce ?? new Uint8Array();
    expect([...nonce]).toEqual([0, 0, 0, 3, 0, 0, 0, 42, 0, 0, 0, 0]);
    const bytes = frame?.bytes ?? new Uint8Array();
    expect([...key.aead.open(nonce, bytes.subarray(0, HEADER_BYTES), bytes.subarray(HEADER_BYTES))]).toEqual([
      1, 2, 3, 4, 5,
    ]);
    ring.close();
  });

  it("W4: audio carries the audio flag", () => {
    const ring = new KeyRing(crypto);
    ring.put(sealKey(1));
    const out = new Uint8Array(200);
    const key = ring.get("a", 1);
    if (!key) throw new Error("no key");
    new StreamSealer(new NonceCounters(1), 1).seal(
      unit({ codec: "aac" }),
      { ...stamp, cameraClock: false },
      key,
      out,
      0,
    );
    expect(readFrame(out)?.header).toMatchObject({ flags: FLAG.audio, codec: 16 });
    ring.close();
  });

  it("W14 W15: counters outlive a stream's sealer, are spent by failures, and never start over", () => {
    const counters = new NonceCounters(1);
    expect([counters.take(7), counters.take(7), counters.take(8)]).toEqual([0, 1, 0]);
    const ring = new KeyRing(crypto);
    ring.put(sealKey(1));
    const key = ring.get("a", 1);
    if (!key) throw new Error("no key");
    const sealer = new StreamSealer(counters, 7);
    const huge = { byteLength: MAX_PAYLOAD_BYTES + 1 } as Uint8Array;
    const seal = (piece: Uint8Array): unknown => {
      try {
        return sealer.seal(unit({ data: [piece] }), stamp, key, new Uint8Array(200), 0);
      } catch (error) {
        return errorCode(error);
      }
    };
    expect(seal(huge)).toBe("seal.too_long");
    expect(counters.take(7)).toBe(3);
    sealer.skip();
    expect(new StreamSealer(counters, 7)).toBeDefined();
    expect(counters.take(7)).toBe(5);
    ring.close();
  });

  it("W15: the last counter is used once, then nothing is sealed", () => {
    const counters = new NonceCounters(1, 0xffffffff);
    expect(counters.take(7)).toBe(0xffffffff);
    const codes = [7, 7].map((streamId) => {
      try {
        return counters.take(streamId);
      } catch (error) {
        return errorCode(error);
      }
    });
    expect(codes).toEqual(["seal.exhausted", "seal.exhausted"]);
    expect(counters.take(8)).toBe(0xffffffff);
  });

  it.each([0, -1, 1.5, 2 ** 32])("W13: %s is no generation", (generation) => {
    expect(() => new NonceCounters(generation)).toThrow(/generation/);
  });
});

describe("key ring", () => {
  it("W16: no key, no seal; keys of other cameras and epochs do not serve", () => {
    const ring = new KeyRing(crypto);
    ring.put(sealKey(5));
    expect(ring.get("a", 6)).toBeUndefined();
    expect(ring.get("b", 5)).toBeUndefined();
    ring.close();
    expect(ring.get("a", 5)).toBeUndefined();
  });

  it("W20: asks for the next epoch in good time, keeps the previous one for a clock that steps back", () => {
    const ring = new KeyRing(crypto);
    expect(ring.due(["a"], 600 * 5)).toEqual(["a"]);
    ring.put(sealKey(5));
    expect(ring.due(["a"], 600 * 5)).toEqual([]);
    expect(ring.due(["a"], 600 * 6 - 150)).toEqual(["a"]);
    ring.put(sealKey(6));
    expect(ring.due(["a"], 600 * 6 - 1)).toEqual([]);
    ring.expire(6);
    expect(ring.has("a", 5)).toBe(true);
    ring.expire(7);
    expect(ring.has("a", 5)).toBe(false);
    ring.close();
  });

  it("replaces a key, and disposes what it drops", () => {
    const ring = new KeyRing(crypto);
    ring.put(sealKey(5));
    const first = ring.get("a", 5);
    ring.put(sealKey(5, { keyId: 10 }));
    expect(ring.get("a", 5)?.keyId).toBe(10);
    expect(() => first?.aead.open(new Uint8Array(12), new Uint8Array(), new Uint8Array(16))).toThrow();
    ring.removeCamera("a");
    expect(ring.has("a", 5)).toBe(false);
  });

  it.each([{ key: new Uint8Array(31) }, { suite: "none" as SealKey["suite"] }, { keyId: -1 }, { epoch: 1.5 }])(
    "refuses a malformed key %#",
    (fields) => {
      const ring = new KeyRing(crypto);
      expect(() => ring.put(sealKey(1, fields))).toThrow(/malformed/);
    },
  );
});
