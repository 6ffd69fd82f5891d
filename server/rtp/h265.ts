import { type NalDepacketizer, type NalSink, pushWhole } from "./nal-sink.ts";
import type { RtpPacket } from "./packet.ts";

/**
 * H.265 payloads (RFC 7798): single NAL units, aggregation packets and fragmentation units.
 * With `sprop-max-don-diff` > 0 decoding order numbers are present; they are skipped, as cameras send in decoding order.
 */
export class H265Depacketizer implements NalDepacketizer {
  readonly #orderNumbers: boolean;
  #inFragment = false;
  #wanted = false;

  constructor(orderNumbers: boolean) {
    this.#orderNumbers = orderNumbers;
  }

  push(packet: RtpPacket, sink: NalSink): boolean {
    const { bytes, payloadStart: start, payloadEnd: end } = packet;
    if (end <= start) return true;
    if (end - start < 3) return false;
    const type = ((bytes[start] as number) >> 1) & 0x3f;
    if (type === 49) return this.#fragment(bytes, start, end, sink);
    if (this.#inFragment) this.#finish(sink);
    if (type < 48) return this.#single(bytes, start, end, sink);
    if (type === 48) return this.#aggregate(bytes, start + 2, end, sink);
    return false;
  }

  reset(): void {
    this.#inFragment = false;
    this.#wanted = false;
  }

  #single(bytes: Uint8Array, start: number, end: number, sink: NalSink): boolean {
    if (!this.#orderNumbers) return pushWhole(sink, bytes, start, end, 2);
    if (end - start < 5) return false;
    const startsPicture = (bytes[start + 4] as number) >= 0x80;
    if (!sink.begin(bytes[start] as number, bytes[start + 1] as number, startsPicture)) return true;
    sink.append(bytes, start + 4, end);
    sink.end();
    return true;
  }

  #aggregate(bytes: Uint8Array, from: number, end: number, sink: NalSink): boolean {
    let at = this.#orderNumbers ? from + 2 : from;
    while (at + 2 <= end) {
      const size = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      at += 2;
      if (size === 0) continue;
      if (at + size > end) return false;
      if (!pushWhole(sink, bytes, at, at + size, 2)) return false;
      at += size;
      if (this.#orderNumbers && at < end) at += 1;
    }
    return at === end;
  }

  #fragment(bytes: Uint8Array, start: number, end: number, sink: NalSink): boolean {
    const header = bytes[start + 2] as number;
    let body = start + 3;
    if ((header & 0x80) !== 0) {
      if (this.#orderNumbers) body += 2;
      if (body >= end) return false;
      if (this.#inFragment) this.#finish(sink);
      const first = ((bytes[start] as number) & 0x81) | ((header & 0x3f) << 1);
      this.#inFragment = true;
      this.#wanted = sink.begin(first, bytes[start + 1] as number, (bytes[body] as number) >= 0x80);
    } else if (!this.#inFragment) {
      sink.damaged();
      return true;
    }
    if (this.#wanted) sink.append(bytes, body, end);
    if ((header & 0x40) !== 0) this.#finish(sink);
    return true;
  }

  #finish(sink: NalSink): void {
    if (this.#wanted) sink.end();
    this.reset();
  }
}
