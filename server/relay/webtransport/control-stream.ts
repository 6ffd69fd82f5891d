import { FluxError } from "../../../shared/lib/errors.ts";
import { MAX_CLIENT_MESSAGE_BYTES } from "../transport/connection.ts";

/** Control messages on a byte stream: u32 length (big-endian), then that many bytes of UTF-8 JSON (SPEC.md). */

export function encodeControl(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const out = Buffer.allocUnsafe(4 + length);
  out.writeUInt32BE(length, 0);
  out.write(text, 4, "utf8");
  return out;
}

/** Cuts a byte stream into messages. Holds at most one message. */
export class ControlParser {
  #pending: Buffer = Buffer.alloc(0);

  /** Throws `relay.message_too_long`. */
  push(chunk: Uint8Array): string[] {
    this.#pending = this.#pending.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const messages: string[] = [];
    let offset = 0;
    while (this.#pending.byteLength - offset >= 4) {
      const length = this.#pending.readUInt32BE(offset);
      if (length > MAX_CLIENT_MESSAGE_BYTES) {
        throw new FluxError("relay.message_too_long", `a message of ${length} bytes is over the limit`);
      }
      if (this.#pending.byteLength - offset - 4 < length) break;
      messages.push(this.#pending.toString("utf8", offset + 4, offset + 4 + length));
      offset += 4 + length;
    }
    this.#pending = this.#pending.subarray(offset);
    return messages;
  }
}
