import { beforeEach, describe, expect, test } from "vitest";
import type { FluxCrypto } from "../../../shared/crypto/crypto.ts";
import { loadFluxCrypto } from "../../../shared/crypto/load-node.ts";
import { errorCode } from "../../../shared/lib/errors.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import { TestSealer } from "../../testkit/sealing.ts";
import { type KeyName, KeyStore } from "./key-store.ts";
import { Opener } from "./opener.ts";

const CAMERA = "11111111-2222-4333-8444-555555555555";
const NAME: KeyName = { cameraId: CAMERA, keyId: 5, generation: 9, epoch: 2_833_333 };
const sessionKey = (): Uint8Array => new Uint8Array(32).fill(42);

let crypto: FluxCrypto;
let clock: SimulatedClock;
let keys: KeyStore;
let opened: string[];
let gaps: string[];
let asked: KeyName[];
let opener: Opener;

beforeEach(async () => {
  crypto = await loadFluxCrypto();
  clock = new SimulatedClock();
  keys = new KeyStore(crypto);
  keys.setSessionKey(sessionKey());
  opened = [];
  gaps = [];
  asked = [];
  opener = new Opener(CAMERA, keys, clock, {
    onOpened: (_, payload) => opened.push(new TextDecoder().decode(payload)),
    onGap: (reason) => gaps.push(reason),
    onKeyNeeded: (name) => asked.push(name),
  });
});

function seal(sealer: TestSealer, text: string, keyframe = false): SealedFrame {
  return sealer.seal({ streamId: 3, payload: new TextEncoder().encode(text), keyframe });
}

function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

describe("KeyStore", () => {
  test.each(["LEA-256-GCM", "ARIA-256-GCM", "AES-256-GCM"] as const)("unwraps a %s key", (suite) => {
    const sealer = new TestSealer(crypto, NAME, suite);
    keys.add(sealer.grant(sessionKey()));
    opener.push(seal(sealer, "picture", true));
    expect(opened).toEqual(["picture"]);
  });

  test.each([
    ["camera", { cameraId: "99999999-2222-4333-8444-555555555555" }],
    ["key id", { keyId: 6 }],
    ["generation", { generation: 10 }],
    ["epoch", { epoch: 1 }],
  ])("W23: a grant does not open under another %s", (_, as) => {
    const grant = new TestSealer(crypto, NAME).grant(sessionKey(), as);
    expect(codeOf(() => keys.add(grant))).toBe("crypto.auth_failed");
    expect(keys.size).toBe(0);
  });

  test("a grant of another session, of an unknown suite or with garbage is refused", () => {
    const sealer = new TestSealer(crypto, NAME);
    expect(codeOf(() => keys.add(sealer.grant(new Uint8Array(32))))).toBe("crypto.auth_failed");
    expect(codeOf(() => keys.add(sealer.grant(sessionKey(), { suite: 77 })))).toBe("crypto.bad_suite");
    expect(codeOf(() => keys.add(sealer.grant(sessionKey(), { wrapped: "%" })))).toBe("wire.base64");
    expect(codeOf(() => keys.add(sealer.grant(sessionKey(), { wrapped: "" })))).toBe("crypto.bad_key");
    expect(codeOf(() => new KeyStore(crypto).add(sealer.grant(sessionKey())))).toBe("crypto.no_session");
  });

  test("the session key is wiped once it is imported", () => {
    const raw = sessionKey();
    keys.setSessionKey(raw);
    expect(raw.every((byte) => byte === 0)).toBe(true);
  });

  test("holds a bounded number of keys, the oldest go", () => {
    const sealer = new TestSealer(crypto, NAME);
    for (let keyId = 0; keyId < 1100; keyId++) {
      keys.add(new TestSealer(crypto, { ...NAME, keyId }).grant(sessionKey()));
    }
    expect(keys.size).toBe(1024);
    expect(keys.find({ ...NAME, keyId: 0 }, 1)).toBeUndefined();
    expect(keys.find({ ...NAME, keyId: 1099 }, 1)).toBeDefined();
    keys.forgetCamera(sealer.name.cameraId);
    expect(keys.size).toBe(0);
  });
});

describe("Opener", () => {
  test("W25: frames wait for their key, which is asked for once, and come out in order", () => {
    const sealer = new TestSealer(crypto, NAME);
    opener.push(seal(sealer, "a", true));
    opener.push(seal(sealer, "b"));
    expect(opened).toEqual([]);
    expect(asked).toEqual([NAME]);
    expect(opener.waitingForKey).toBe(true);
    keys.add(sealer.grant(sessionKey()));
    opener.keysAdded();
    expect(opened).toEqual(["a", "b"]);
    expect(opener.waitingForKey).toBe(false);
  });

  test("an unanswered question is asked again after a while", () => {
    const sealer = new TestSealer(crypto, NAME);
    opener.push(seal(sealer, "a", true));
    clock.advance(millis(1000));
    opener.push(seal(sealer, "b"));
    expect(asked).toHaveLength(1);
    clock.advance(millis(1100));
    opener.push(seal(sealer, "c"));
    expect(asked).toHaveLength(2);
  });

  test("waiting is bounded: beyond it everything up to the next keyframe is dropped", () => {
    const sealer = new TestSealer(crypto, NAME);
    opener.push(seal(sealer, "a", true));
    for (let i = 0; i < 70; i++) opener.push(seal(sealer, "x"));
    expect(gaps).toEqual(["no-key"]);
    keys.add(sealer.grant(sessionKey()));
    opener.keysAdded();
    expect(opened).toEqual([]);
    opener.push(seal(sealer, "y"));
    opener.push(seal(sealer, "z", true));
    expect(opened).toEqual(["z"]);
  });

  test("W20: the key may change within a GOP", () => {
    const before = new TestSealer(crypto, NAME);
    const after = new TestSealer(crypto, { ...NAME, epoch: NAME.epoch + 1 });
    keys.add(before.grant(sessionKey()));
    keys.add(after.grant(sessionKey()));
    opener.push(seal(before, "a", true));
    opener.push(seal(after, "b"));
    expect(opened).toEqual(["a", "b"]);
  });

  test("W12: a frame that does not authenticate yields nothing, and nothing follows until a keyframe", () => {
    const sealer = new TestSealer(crypto, NAME);
    keys.add(sealer.grant(sessionKey()));
    const bad = seal(sealer, "b");
    bad.bytes[80] = (bad.bytes[80] ?? 0) ^ 1;
    opener.push(seal(sealer, "a", true));
    opener.push(bad);
    opener.push(seal(sealer, "c"));
    expect(opened).toEqual(["a"]);
    expect(gaps).toEqual(["auth-failed"]);
    expect(opener.rejected).toBe(1);
    opener.push(seal(sealer, "d", true));
    expect(opened).toEqual(["a", "d"]);
  });

  test("W3: a changed header bit makes the frame fail", () => {
    const sealer = new TestSealer(crypto, NAME);
    keys.add(sealer.grant(sessionKey()));
    const bad = seal(sealer, "a", true);
    bad.bytes[39] = (bad.bytes[39] ?? 0) ^ 1;
    opener.push(bad);
    expect(opened).toEqual([]);
  });

  test("a key that keeps failing is forgotten and asked for again", () => {
    const sealer = new TestSealer(crypto, NAME);
    const wrong = new TestSealer(crypto, NAME, "AES-256-GCM");
    keys.add(sealer.grant(sessionKey()));
    for (let i = 0; i < 3; i++) {
      const bad = seal(sealer, "a", true);
      bad.bytes[75] = (bad.bytes[75] ?? 0) ^ 1;
      opener.push(bad);
    }
    expect(keys.size).toBe(0);
    opener.push(seal(wrong, "b", true));
    expect(asked).toEqual([NAME]);
  });

  test("a key of another suite than the frame claims is not used", () => {
    keys.add(new TestSealer(crypto, NAME, "AES-256-GCM").grant(sessionKey()));
    opener.push(seal(new TestSealer(crypto, NAME), "a", true));
    expect(opened).toEqual([]);
    expect(asked).toEqual([NAME]);
  });
});
