/** Control messages on a byte stream: u32 length (big-endian), then that many bytes of UTF-8 JSON (SPEC.md). */

/** The server's longest message: 1024 wrapped keys. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

export function encodeControl(text: string): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(text);
  const out = new Uint8Array(4 + body.byteLength);
  new DataView(out.buffer).setUint32(0, body.byteLength);
  out.set(body, 4);
  return out;
}

/** Cuts a byte stream into messages. Holds at most one message. */
export class ControlStreamParser {
  readonly #decoder = new TextDecoder();
  #pending = new Uint8Array(0);

  /** Throws `RangeError` when a message is over the limit. */
  push(chunk: Uint8Array): string[] {
    const all = new Uint8Array(this.#pending.byteLength + chunk.byteLength);
    all.set(this.#pending);
    all.set(chunk, this.#pending.byteLength);
    const view = new DataView(all.buffer);
    const messages: string[] = [];
    let offset = 0;
    while (all.byteLength - offset >= 4) {
      const length = view.getUint32(offset);
      if (length > MAX_MESSAGE_BYTES) throw new RangeError(`a control message of ${length} bytes is over the limit`);
      if (all.byteLength - offset - 4 < length) break;
      messages.push(this.#decoder.decode(all.subarray(offset + 4, offset + 4 + length)));
      offset += 4 + length;
    }
    this.#pending = all.slice(offset);
    return messages;
  }
}
