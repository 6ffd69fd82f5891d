import { beforeEach, describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../../../shared/crypto/load-node.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../../shared/lib/time.ts";
import { FLAG } from "../../../shared/wire/sealed-frame.ts";
import type { SoundPiece } from "../../engine/worker-protocol.ts";
import { TestSealer } from "../../testkit/sealing.ts";
import { KeyStore } from "../open/key-store.ts";
import { LiveSound } from "./live-sound.ts";

const CAMERA = "11111111-2222-4333-8444-555555555555";
const OTHER = "99999999-2222-4333-8444-555555555555";
const START = 1_700_000_000_000_000;
/** Of a piece: 160 samples at 8 kHz. */
const PIECE_MS = 20;
const JITTER_MS = 150;

let clock: SimulatedClock;
let keys: KeyStore;
let sealer: TestSealer;
let sound: LiveSound;
/** When each piece is heard, ms after it came; `silence` where what waits is taken back. */
let heard: (number | "silence")[];
let at: number;

beforeEach(async () => {
  const crypto = await loadFluxCrypto();
  clock = new SimulatedClock(micros(START));
  keys = new KeyStore(crypto);
  keys.setSessionKey(new Uint8Array(32).fill(42));
  sealer = new TestSealer(crypto, { cameraId: CAMERA, keyId: 5, generation: 9, epoch: 2_833_333 });
  keys.add(sealer.grant(new Uint8Array(32).fill(42)));
  heard = [];
  at = 0;
  sound = new LiveSound(clock, keys, (piece: SoundPiece | undefined) =>
    heard.push(piece === undefined ? "silence" : Math.round((piece.atMicros - clock.utcMicros()) / 1000)),
  );
});

function push(capturedMs: number, cameraId = CAMERA): void {
  const payload = new Uint8Array(160).fill(0xff);
  const captureTime = micros(START + capturedMs * 1000);
  sound.push(cameraId, sealer.seal({ streamId: 1, payload, codec: "pcmu", flags: FLAG.audio, captureTime }));
}

/** Pieces that come one after the other as they were captured. */
function pieces(count: number): void {
  for (let piece = 0; piece < count; piece++) {
    push(at);
    clock.advance(millis(PIECE_MS));
    at += PIECE_MS;
  }
}

describe("live sound", () => {
  it("is heard a moment after it came, evenly, and of the one camera only", () => {
    push(0);
    sound.hear(CAMERA);
    push(0, OTHER);
    pieces(5);
    expect(heard).toEqual(Array(5).fill(JITTER_MS));
  });

  it("bridges what the line holds back, and begins anew after what is longer", () => {
    sound.hear(CAMERA);
    pieces(1);
    clock.advance(millis(100));
    pieces(2);
    expect(heard).toEqual([JITTER_MS, 50, 50]);
    clock.advance(millis(400));
    heard.length = 0;
    pieces(2);
    expect(heard).toEqual(["silence", JITTER_MS, JITTER_MS]);
  });

  it("does not fall behind: what came in a heap is not heard for seconds", () => {
    sound.hear(CAMERA);
    for (let ms = 0; ms < 2000; ms += PIECE_MS) push(ms);
    const waits = heard.filter((one) => one !== "silence");
    expect(waits).toHaveLength(100);
    expect(Math.max(...waits)).toBeLessThanOrEqual(400);
    expect(heard.filter((one) => one === "silence").length).toBeGreaterThan(2);
  });

  it("is heard once while two streams carry it, and again after the camera's clock was set back", () => {
    sound.hear(CAMERA);
    push(0);
    push(0);
    push(PIECE_MS);
    expect(heard).toEqual([JITTER_MS, JITTER_MS + PIECE_MS]);
    push(-3_600_000);
    expect(heard.slice(2)).toEqual(["silence", JITTER_MS]);
  });

  it("stops at once when nobody listens any more, and says nothing that cannot be opened", () => {
    sound.hear(CAMERA);
    pieces(1);
    sound.hear(undefined);
    pieces(1);
    keys.forgetCamera(CAMERA);
    sound.hear(CAMERA);
    pieces(1);
    expect(heard).toEqual([JITTER_MS, "silence"]);
  });
});
