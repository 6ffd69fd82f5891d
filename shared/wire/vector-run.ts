import type { FluxCrypto, Suite } from "../crypto/types.ts";
import { errorCode } from "../lib/errors.ts";
import { micros } from "../lib/time.ts";
import { HEADER_BYTES, NONCE_BYTES, readFrame, readHeader, type SealedHeader, writeHeader } from "./sealed-frame.ts";

/** Golden vectors (vectors/frames.json). Byte strings are hex. The same run serves Node and the browser. */
export interface FrameVectors {
  readonly frames: readonly {
    readonly name: string;
    readonly suite: Suite;
    readonly key: string;
    readonly header: Record<string, number | string>;
    readonly payload: string;
    readonly sealed: string;
  }[];
  readonly malformed: readonly { readonly name: string; readonly bytes: string; readonly error: string }[];
}

export interface VectorFailure {
  readonly name: string;
  readonly reason: string;
}

/** Every vector both ways: writing gives the golden bytes, reading and opening them gives the inputs back. */
export function runFrameVectors(crypto: FluxCrypto, vectors: FrameVectors): VectorFailure[] {
  const failures: VectorFailure[] = [];
  const check = (name: string, run: () => string | undefined): void => {
    let reason: string | undefined;
    try {
      reason = run();
    } catch (error) {
      reason = `threw ${errorCode(error) ?? String(error)}`;
    }
    if (reason !== undefined) failures.push({ name, reason });
  };
  for (const vector of vectors.frames) {
    const sealed = fromHex(vector.sealed);
    const header = headerFrom(vector.header);
    check(`${vector.name}: seal`, () => {
      const out = new Uint8Array(sealed.byteLength);
      writeHeader(header, out, 0);
      const key = crypto.importKey(vector.suite, fromHex(vector.key));
      key.sealInto(header.nonce, out.subarray(0, HEADER_BYTES), fromHex(vector.payload), out, HEADER_BYTES);
      key.dispose();
      return toHex(out) === vector.sealed ? undefined : `sealed to ${toHex(out)}`;
    });
    check(`${vector.name}: read and open`, () => {
      const frame = readFrame(sealed);
      if (!frame) return "not read as a whole frame";
      for (const [field, value] of Object.entries(header)) {
        const read = frame.header[field as keyof SealedHeader];
        const same = value instanceof Uint8Array ? toHex(read as Uint8Array) === toHex(value) : read === value;
        if (!same) return `${field} read as ${String(read)}`;
      }
      const key = crypto.importKey(vector.suite, fromHex(vector.key));
      const aad = sealed.subarray(0, HEADER_BYTES);
      const opened = toHex(key.open(frame.header.nonce, aad, sealed.subarray(HEADER_BYTES)));
      key.dispose();
      return opened === vector.payload ? undefined : `opened to ${opened}`;
    });
  }
  for (const { name, bytes, error } of vectors.malformed) {
    check(name, () => {
      try {
        readHeader(fromHex(bytes));
      } catch (thrown) {
        return errorCode(thrown) === error ? undefined : `refused with ${errorCode(thrown)} instead of ${error}`;
      }
      return `accepted instead of ${error}`;
    });
  }
  return failures;
}

function headerFrom(fields: Record<string, number | string>): SealedHeader {
  const number = (name: string): number => Number(fields[name]);
  const nonce = fromHex(String(fields.nonce));
  if (nonce.byteLength !== NONCE_BYTES) throw new RangeError("a vector's nonce is 12 bytes");
  return {
    suite: number("suite"),
    flags: number("flags"),
    codec: number("codec"),
    streamId: number("streamId"),
    keyId: number("keyId"),
    epoch: number("epoch"),
    length: number("length"),
    sequence: number("sequence"),
    captureTime: micros(number("captureTime")),
    pts: micros(number("pts")),
    ptsMinusDts: micros(number("ptsMinusDts")),
    arrivalTime: micros(number("arrivalTime")),
    nonce,
  };
}

export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.byteLength; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}
