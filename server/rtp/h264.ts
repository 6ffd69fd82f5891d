import { type NalDepacketizer, type NalSink, pushWhole } from "./nal-sink.ts";
import type { RtpPacket } from "./packet.ts";

/** H.264 payloads (RFC 6184): single NAL units, STAP-A and FU-A; STAP-B and FU-B are read, their order numbers ignored. */
export class H264Depacketizer implements NalDepacketizer {
  #inFragment = false;
  #wanted = false;

  push(packet: RtpPacket, sink: NalSink): boolean {
    const { bytes, payloadStart: start, payloadEnd: end } = packet;
    if (end <= start) return true;
    const type = (bytes[start] as number) & 0x1f;
    if (type === 28) return this.#fragment(bytes, start, start + 2, end, sink);
    if (this.#inFragment) this.#finish(sink);
    if (type >= 1 && type <= 23) return pushWhole(sink, bytes, start, end, 1);
    if (type === 24) return aggregate(bytes, start + 1, end, sink);
    if (type === 25) return aggregate(bytes, start + 3, end, sink);
    if (type === 29) return this.#fragment(bytes, start, start + 4, end, sink);
    return false;
  }

  reset(): void {
    this.#inFragment = false;
    this.#wanted = false;
  }

  #fragment(bytes: Uint8Array, start: number, body: number, end: number, sink: NalSink): boolean {
    if (body >= end) return false;
    const header = bytes[start + 1] as number;
    if ((header & 0x80) !== 0) {
      if (this.#inFragment) this.#finish(sink);
      const first = ((bytes[start] as number) & 0xe0) | (header & 0x1f);
      this.#inFragment = true;
      this.#wanted = sink.begin(first, 0, (bytes[body] as number) >= 0x80);
    } else if (!this.#inFragment) {
      sink.damaged();
      return true;
    }
    if (this.#wanted) sink.append(bytes, body, end);
    if ((header & 0x40) !== 0) this.#finish(sink);
    return true;
  }

  /** Also where a camera forgot the end bit: nothing was lost, so the unit is whole. */
  #finish(sink: NalSink): void {
    if (this.#wanted) sink.end();
    this.reset();
  }
}

/** STAP: 16-bit size, NAL unit, and so on (RFC 6184, 5.7.1). */
function aggregate(bytes: Uint8Array, from: number, end: number, sink: NalSink): boolean {
  let at = from;
  while (at + 2 <= end) {
    const size = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    at += 2;
    if (size === 0) continue;
    if (at + size > end) return false;
    pushWhole(sink, bytes, at, at + size, 1);
    at += size;
  }
  return at === end;
}
