import {
  HEADER_BYTES,
  readFrame,
  readHeader,
  type SealedFrame,
  sealedFrameBytes,
} from "../../../shared/wire/sealed-frame.ts";

/** Whole frames back to back, as one WebSocket message holds them. Throws `wire.*`. */
export function readFrames(message: Uint8Array, onFrame: (frame: SealedFrame) => void): void {
  let offset = 0;
  while (offset < message.byteLength) {
    // Throws before anything is allocated when the length is not one that can be.
    const end = offset + sealedFrameBytes(readHeader(message, offset).length);
    const frame = readFrame(message, offset);
    if (!frame) throw new RangeError("the message ends within a frame");
    onFrame(frame);
    offset = end;
  }
}

/**
 * Cuts a byte stream into frames, whatever its chunks. Frames that lie whole in a chunk are views into it; one that
 * spans chunks is put together once. Holds at most one frame (8 MiB).
 */
export class FrameStreamParser {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #frame: Uint8Array | undefined;
  #frameBytes = 0;

  /** True between frames: a stream that ends here lost nothing. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#frame === undefined;
  }

  /** Throws `wire.*`; the parser is of no use afterwards. */
  push(chunk: Uint8Array, onFrame: (frame: SealedFrame) => void): void {
    let offset = 0;
    while (offset < chunk.byteLength) {
      if (this.#frame) {
        const take = Math.min(this.#frame.byteLength - this.#frameBytes, chunk.byteLength - offset);
        this.#frame.set(chunk.subarray(offset, offset + take), this.#frameBytes);
        this.#frameBytes += take;
        offset += take;
        if (this.#frameBytes === this.#frame.byteLength) this.#finish(onFrame);
      } else if (this.#headerBytes > 0 || chunk.byteLength - offset < HEADER_BYTES) {
        const take = Math.min(HEADER_BYTES - this.#headerBytes, chunk.byteLength - offset);
        this.#header.set(chunk.subarray(offset, offset + take), this.#headerBytes);
        this.#headerBytes += take;
        offset += take;
        if (this.#headerBytes === HEADER_BYTES) this.#begin(this.#header);
      } else {
        const whole = readFrame(chunk, offset);
        if (whole) {
          offset += whole.bytes.byteLength;
          onFrame(whole);
        } else {
          this.#begin(chunk.subarray(offset, offset + HEADER_BYTES));
          offset += HEADER_BYTES;
        }
      }
    }
  }

  #begin(header: Uint8Array): void {
    this.#frame = new Uint8Array(sealedFrameBytes(readHeader(header).length));
    this.#frame.set(header);
    this.#frameBytes = HEADER_BYTES;
    this.#headerBytes = 0;
  }

  #finish(onFrame: (frame: SealedFrame) => void): void {
    const frame = this.#frame && readFrame(this.#frame);
    this.#frame = undefined;
    if (frame) onFrame(frame);
  }
}
