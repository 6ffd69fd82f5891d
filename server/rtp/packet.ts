/** One RTP packet (RFC 3550, 5.1), parsed in place: the fields point into the bytes they were read from. */
export class RtpPacket {
  bytes: Uint8Array = EMPTY;
  marker = false;
  payloadType = 0;
  sequence = 0;
  timestamp = 0;
  ssrc = 0;
  /** Payload without padding: `bytes[payloadStart, payloadEnd)`. */
  payloadStart = 0;
  payloadEnd = 0;

  /**
   * Reads `bytes[start, end)`. False for anything that is not a well-formed RTP packet; the fields are then meaningless.
   * One instance is reused for every packet of a stream, so that parsing allocates nothing.
   * CSRC lists and header extensions (the ONVIF replay extension among them) are skipped.
   */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 12) return false;
    const first = bytes[start] as number;
    if (first >> 6 !== 2) return false;
    const second = bytes[start + 1] as number;
    let payloadStart = start + 12 + (first & 0x0f) * 4;
    if ((first & 0x10) !== 0) {
      if (payloadStart + 4 > end) return false;
      const words = ((bytes[payloadStart + 2] as number) << 8) | (bytes[payloadStart + 3] as number);
      payloadStart += 4 + words * 4;
    }
    let payloadEnd = end;
    if ((first & 0x20) !== 0) {
      const padding = bytes[end - 1] as number;
      if (padding === 0) return false;
      payloadEnd -= padding;
    }
    if (payloadStart > payloadEnd) return false;
    this.bytes = bytes;
    this.marker = (second & 0x80) !== 0;
    this.payloadType = second & 0x7f;
    this.sequence = ((bytes[start + 2] as number) << 8) | (bytes[start + 3] as number);
    this.timestamp = readUint32(bytes, start + 4);
    this.ssrc = readUint32(bytes, start + 8);
    this.payloadStart = payloadStart;
    this.payloadEnd = payloadEnd;
    return true;
  }
}

const EMPTY = new Uint8Array(0);

/** Big endian. The caller has checked that four bytes are there. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export interface RtpFields {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker?: boolean;
  readonly csrc?: readonly number[];
  /** Profile id and data (whole 32-bit words). */
  readonly extension?: { readonly profile: number; readonly data: Uint8Array };
  readonly paddingBytes?: number;
}

/** The inverse of `RtpPacket.parse`, for the simulator and for tests. */
export function encodeRtp(fields: RtpFields, payload: Uint8Array): Uint8Array {
  const csrc = fields.csrc ?? [];
  const extension = fields.extension;
  const padding = fields.paddingBytes ?? 0;
  const headerBytes = 12 + csrc.length * 4 + (extension ? 4 + extension.data.length : 0);
  const out = new Uint8Array(headerBytes + payload.length + padding);
  const view = new DataView(out.buffer);
  out[0] = 0x80 | (padding > 0 ? 0x20 : 0) | (extension ? 0x10 : 0) | csrc.length;
  out[1] = (fields.marker ? 0x80 : 0) | fields.payloadType;
  view.setUint16(2, fields.sequence);
  view.setUint32(4, fields.timestamp);
  view.setUint32(8, fields.ssrc);
  let at = 12;
  for (const id of csrc) {
    view.setUint32(at, id);
    at += 4;
  }
  if (extension) {
    view.setUint16(at, extension.profile);
    view.setUint16(at + 2, extension.data.length / 4);
    out.set(extension.data, at + 4);
  }
  out.set(payload, headerBytes);
  if (padding > 0) out[out.length - 1] = padding;
  return out;
}
