import { type FluxCrypto, SUITE_IDS, type Suite } from "../../shared/crypto/crypto.ts";
import { type Micros, micros } from "../../shared/lib/time.ts";
import { CODEC_IDS, type Codec } from "../../shared/media/types.ts";
import {
  FLAG,
  HEADER_BYTES,
  readFrame,
  type SealedFrame,
  sealedFrameBytes,
  writeHeader,
} from "../../shared/wire/sealed-frame.ts";
import { toBase64 } from "../worker/open/base64.ts";
import { grantAad, type KeyName, type WrappedEpochKey } from "../worker/open/key-store.ts";

export interface SealOptions {
  readonly streamId: number;
  readonly payload: Uint8Array;
  readonly keyframe?: boolean;
  readonly codec?: Codec;
  readonly flags?: number;
  readonly pts?: Micros;
  readonly captureTime?: Micros;
}

/** A server's sealing half for tests: seals frames and wraps keys as SPEC.md says. */
export class TestSealer {
  readonly name: KeyName;
  readonly #crypto: FluxCrypto;
  readonly #suite: Suite;
  readonly #key: Uint8Array;
  #counter = 0;

  constructor(crypto: FluxCrypto, name: KeyName, suite: Suite = "LEA-256-GCM") {
    this.#crypto = crypto;
    this.name = name;
    this.#suite = suite;
    this.#key = Uint8Array.from({ length: 32 }, (_, i) => (i * 7 + name.epoch + name.keyId) & 0xff);
  }

  seal({ streamId, payload, keyframe, codec = "h264", flags = 0, pts, captureTime }: SealOptions): SealedFrame {
    const counter = this.#counter++;
    const nonce = new Uint8Array(12);
    const view = new DataView(nonce.buffer);
    view.setUint32(0, this.name.generation);
    view.setUint32(4, streamId);
    view.setUint32(8, counter);
    const bytes = new Uint8Array(sealedFrameBytes(payload.length));
    const time = captureTime ?? micros(1_700_000_000_000_000);
    const header = {
      suite: SUITE_IDS[this.#suite],
      flags: flags | (keyframe ? FLAG.keyframe : 0),
      codec: CODEC_IDS[codec],
      streamId,
      keyId: this.name.keyId,
      epoch: this.name.epoch,
      length: payload.length,
      sequence: counter,
      captureTime: time,
      pts: pts ?? micros(counter * 40_000),
      ptsMinusDts: micros(0),
      arrivalTime: time,
      nonce,
    };
    writeHeader(header, bytes, 0);
    const key = this.#crypto.importKey(this.#suite, this.#key);
    key.sealInto(nonce, bytes.subarray(0, HEADER_BYTES), payload, bytes, HEADER_BYTES);
    key.dispose();
    const frame = readFrame(bytes);
    if (!frame) throw new Error("a sealed frame did not parse");
    return frame;
  }

  /** The epoch key wrapped with a session key; `as` gives it another name than it was wrapped for. */
  grant(sessionKey: Uint8Array, as: Partial<WrappedEpochKey> = {}): WrappedEpochKey {
    const session = this.#crypto.importKey("ARIA-256-GCM", sessionKey);
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const wrapped = new Uint8Array(12 + 32 + 16);
    wrapped.set(nonce);
    session.sealInto(nonce, grantAad(this.name), this.#key, wrapped, 12);
    session.dispose();
    return { ...this.name, suite: SUITE_IDS[this.#suite], wrapped: toBase64(wrapped), ...as };
  }
}
