import { readUint32 } from "./packet.ts";

/** Handlers of what a compound RTCP packet holds (RFC 3550, 6). Only what a receiver needs. */
export interface RtcpHandlers {
  onSenderReport(ssrc: number, ntpSeconds: number, ntpFraction: number, rtpTimestamp: number): void;
  onBye(ssrc: number): void;
}

/** Reads a compound packet. False when it is not well formed; what came before the fault has been handed over. */
export function readRtcp(bytes: Uint8Array, start: number, end: number, handlers: RtcpHandlers): boolean {
  let at = start;
  while (at + 4 <= end) {
    const first = bytes[at] as number;
    if (first >> 6 !== 2) return false;
    const length = ((((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) + 1) * 4;
    if (at + length > end) return false;
    const type = bytes[at + 1] as number;
    if (type === 200 && length >= 28) {
      const ssrc = readUint32(bytes, at + 4);
      handlers.onSenderReport(ssrc, readUint32(bytes, at + 8), readUint32(bytes, at + 12), readUint32(bytes, at + 16));
    } else if (type === 203) {
      const count = Math.min(first & 0x1f, (length - 4) / 4);
      for (let i = 0; i < count; i++) handlers.onBye(readUint32(bytes, at + 4 + i * 4));
    }
    at += length;
  }
  return at === end;
}

export interface ReceptionReport {
  readonly senderSsrc: number;
  readonly ownSsrc: number;
  /** Of 256, since the last report. */
  readonly fractionLost: number;
  readonly lost: number;
  readonly extendedHighest: number;
  /** In timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the last sender report's NTP time; 0 before the first. */
  readonly lastSenderReport: number;
  /** In 1/65536 s. */
  readonly delaySinceLast: number;
}

/** Receiver report and SDES with a CNAME: the smallest legal compound packet of a receiver. */
export function encodeReceiverReport(report: ReceptionReport, cname: string): Uint8Array {
  const name = new TextEncoder().encode(cname).subarray(0, 64);
  const sdesBytes = Math.ceil((4 + 4 + 2 + name.length + 1) / 4) * 4;
  const out = new Uint8Array(32 + sdesBytes);
  const view = new DataView(out.buffer);
  out[0] = 0x81;
  out[1] = 201;
  view.setUint16(2, 7);
  view.setUint32(4, report.ownSsrc);
  view.setUint32(8, report.senderSsrc);
  view.setUint32(12, ((report.fractionLost & 0xff) << 24) | (report.lost & 0xffffff));
  view.setUint32(16, report.extendedHighest);
  view.setUint32(20, report.jitter);
  view.setUint32(24, report.lastSenderReport);
  view.setUint32(28, report.delaySinceLast);
  out[32] = 0x81;
  out[33] = 202;
  view.setUint16(34, sdesBytes / 4 - 1);
  view.setUint32(36, report.ownSsrc);
  out[40] = 1;
  out[41] = name.length;
  out.set(name, 42);
  return out;
}
