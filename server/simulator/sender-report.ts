import type { Micros } from "../../shared/lib/time.ts";

/** Seconds between 1900 (NTP) and 1970 (Unix). */
const ntpEpochOffsetSeconds = 2_208_988_800;

export interface SenderReport {
  readonly ssrc: number;
  /** Wall clock of the report, UTC. */
  readonly wallMicros: Micros;
  /** The same instant on the stream's RTP clock. */
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
  readonly cname: string;
}

/** A compound RTCP packet: sender report and the source's name (RFC 3550 6.4.1, 6.5.1). */
export function encodeSenderReport(report: SenderReport): Buffer {
  const name = Buffer.from(report.cname, "utf8").subarray(0, 255);
  // SDES chunk: SSRC, item, then 1 to 4 zero bytes up to the next word.
  const chunkBytes = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const packet = Buffer.alloc(28 + 4 + chunkBytes);
  packet.set([0x80, 200, 0, 6]);
  packet.writeUInt32BE(report.ssrc >>> 0, 4);
  const wholeSeconds = Math.floor(report.wallMicros / 1e6);
  const fraction = Math.floor(((report.wallMicros - wholeSeconds * 1e6) / 1e6) * 2 ** 32);
  packet.writeUInt32BE((wholeSeconds + ntpEpochOffsetSeconds) >>> 0, 8);
  packet.writeUInt32BE(fraction >>> 0, 12);
  packet.writeUInt32BE(report.rtpTimestamp >>> 0, 16);
  packet.writeUInt32BE(report.packetCount >>> 0, 20);
  packet.writeUInt32BE(report.octetCount >>> 0, 24);
  packet.set([0x81, 202], 28);
  packet.writeUInt16BE(chunkBytes / 4, 30);
  packet.writeUInt32BE(report.ssrc >>> 0, 32);
  packet.set([1, name.length], 36);
  packet.set(name, 38);
  return packet;
}
