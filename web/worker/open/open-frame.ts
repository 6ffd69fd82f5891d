import { errorCode } from "../../../shared/lib/errors.ts";
import { HEADER_BYTES, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { KeyName, KeyStore } from "./key-store.ts";

/** A frame as it came, and in clear once it has been opened, which happens in place. */
export interface SealedPiece {
  readonly sealed: SealedFrame;
  payload: Uint8Array | undefined;
}

/**
 * The frame's payload in clear; it is opened in place, once. Fails closed: `refused` when it does not authenticate.
 * `no-key`: the key has been asked for.
 */
export function openFrame(
  cameraId: string,
  frame: SealedPiece,
  keys: KeyStore,
  needKey: (name: KeyName) => void,
): Uint8Array | "no-key" | "refused" {
  if (frame.payload) return frame.payload;
  const { header, bytes } = frame.sealed;
  const nonce = new DataView(header.nonce.buffer, header.nonce.byteOffset, header.nonce.byteLength);
  const name: KeyName = {
    cameraId,
    keyId: header.keyId,
    generation: nonce.getUint32(0),
    epoch: header.epoch,
  };
  const key = keys.find(name, header.suite);
  if (!key) {
    needKey(name);
    return "no-key";
  }
  try {
    const aad = bytes.subarray(0, HEADER_BYTES);
    const length = key.openInto(header.nonce, aad, bytes.subarray(HEADER_BYTES), bytes, HEADER_BYTES);
    frame.payload = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
    return frame.payload;
  } catch (error) {
    if (errorCode(error) !== "crypto.disposed") return "refused";
    keys.forget(name);
    needKey(name);
    return "no-key";
  }
}
