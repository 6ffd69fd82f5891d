// A picture's RTP packets, laid out once per clip frame as they go over TCP: `$ channel length` before each packet
// (RFC 2326 10.12). Sending copies the template and fills in what changes: channel, sequence, timestamp, SSRC.
import type { Clip, ClipFrame } from "./annexb-clip.ts";
import { packetisePicture } from "./h264-packetiser.ts";

export const interleavedHeaderBytes = 4;
export const rtpHeaderBytes = 12;
export const videoPayloadType = 96;
/** Fits an Ethernet frame with IPv6, UDP, RTP and a VPN's overhead. */
const maxPayloadBytes = 1400;

export interface FrameTemplate {
  readonly bytes: Buffer;
  /** Where each packet's `$` stands. */
  readonly offsets: readonly number[];
  readonly keyframe: boolean;
  /** RTP payload bytes, for RTCP's octet count. */
  readonly payloadBytes: number;
}

export interface RtpFields {
  readonly channel: number;
  /** Sequence number of the first packet. */
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

export function frameTemplate(frame: ClipFrame): FrameTemplate {
  const payloads = packetisePicture(frame.nals, maxPayloadBytes);
  const payloadBytes = payloads.reduce((sum, payload) => sum + payload.length, 0);
  const bytes = Buffer.alloc(payloadBytes + payloads.length * (interleavedHeaderBytes + rtpHeaderBytes));
  const offsets: number[] = [];
  let at = 0;
  for (const [index, payload] of payloads.entries()) {
    offsets.push(at);
    bytes[at] = 0x24;
    bytes.writeUInt16BE(rtpHeaderBytes + payload.length, at + 2);
    bytes[at + 4] = 0x80;
    const marker = index === payloads.length - 1 ? 0x80 : 0;
    bytes[at + 5] = marker | videoPayloadType;
    bytes.set(payload, at + interleavedHeaderBytes + rtpHeaderBytes);
    at += interleavedHeaderBytes + rtpHeaderBytes + payload.length;
  }
  return { bytes, offsets, keyframe: frame.keyframe, payloadBytes };
}

/** Templates by clip and frame, made when first sent; streams that play the same clip share them. */
export class TemplateStore {
  readonly #byClip = new Map<Clip, (FrameTemplate | undefined)[]>();

  get(clip: Clip, index: number): FrameTemplate | undefined {
    let templates = this.#byClip.get(clip);
    if (!templates) {
      templates = new Array<FrameTemplate | undefined>(clip.frames.length);
      this.#byClip.set(clip, templates);
    }
    const frame = clip.frames[index];
    if (frame) templates[index] ??= frameTemplate(frame);
    return templates[index];
  }
}

/** The packets of one picture with their header fields filled in (RFC 3550 5.1). The template stays as it is. */
export function stampFrame(template: FrameTemplate, fields: RtpFields): Buffer {
  const bytes = Buffer.from(template.bytes);
  for (const [index, at] of template.offsets.entries()) {
    bytes[at + 1] = fields.channel;
    bytes.writeUInt16BE((fields.sequence + index) & 0xffff, at + 6);
    bytes.writeUInt32BE(fields.timestamp >>> 0, at + 8);
    bytes.writeUInt32BE(fields.ssrc >>> 0, at + 12);
  }
  return bytes;
}

/** The bare RTP packets inside an interleaved picture, as views. */
export function packetsOf(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  return offsets.map((at, index) => bytes.subarray(at + interleavedHeaderBytes, offsets[index + 1] ?? bytes.length));
}
