import { H264Depacketizer } from "../h264.ts";
import { H265Depacketizer } from "../h265.ts";
import { H264_RULES, H265_RULES } from "../nal-rules.ts";
import { encodeRtp, type RtpFields, RtpPacket } from "../packet.ts";
import { type Picture, PictureAssembler } from "../picture-assembler.ts";
import { splitAnnexB } from "./annex-b.ts";

// Helpers for the tests of this folder and of server/rtsp.

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Parameter sets of real streams. */
export const SETS = {
  h264Sps: hex("674d4016d900a02ff966a0c0c0c8000003000800000300f078b17240"),
  h264Sps1080: hex("67640028acb200f0044fcb3506060640000003008000000c83c60c92"),
  h264Pps: hex("68ebccb2"),
  h265Vps: hex("40010c01ffff01600000030090000003000003005d959809"),
  h265Sps: hex("42010101600000030090000003000003005da00280802d165959a4932b9a830303708000000301000003000c84"),
  h265Pps: hex("4401c172b46240"),
};

/** A slice NAL unit: `first` says whether it starts a picture, `fill` makes it recognisable. */
export function slice(header: readonly number[], first: boolean, fill: number, length = 6): Uint8Array {
  const bytes = new Uint8Array(header.length + length).fill(fill | 1);
  bytes.set(header);
  bytes[header.length] = first ? 0x80 | (fill & 0x7f) : fill & 0x7f;
  return bytes;
}
export const idr = (fill: number, first = true): Uint8Array => slice([0x65], first, fill);
export const inter = (fill: number, first = true): Uint8Array => slice([0x41], first, fill);
export const unused = (fill: number): Uint8Array => slice([0x01], true, fill);

export function packetOf(fields: Partial<RtpFields>, payload: Uint8Array): RtpPacket {
  const bytes = encodeRtp({ payloadType: 96, sequence: 0, timestamp: 0, ssrc: 1, ...fields }, payload);
  const packet = new RtpPacket();
  if (!packet.parse(bytes, 0, bytes.length)) throw new Error("not a packet");
  return packet;
}

/** STAP-A (24) or, with two header bytes, an H.265 aggregation packet. */
export function aggregation(header: readonly number[], nals: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([...header, ...nals.flatMap((nal) => [nal.length >> 8, nal.length & 0xff, ...nal])]);
}

/** FU-A payloads of one H.264 NAL unit, `size` bytes of it in each. */
export function fragmentsH264(nal: Uint8Array, size: number): Uint8Array[] {
  const first = nal[0] as number;
  return pieces(nal.subarray(1), size).map((piece, i, all) =>
    Uint8Array.of((first & 0xe0) | 28, flags(i, all.length) | (first & 0x1f), ...piece),
  );
}

/** FU payloads of one H.265 NAL unit. */
export function fragmentsH265(nal: Uint8Array, size: number): Uint8Array[] {
  const first = nal[0] as number;
  return pieces(nal.subarray(2), size).map((piece, i, all) =>
    Uint8Array.of((first & 0x81) | (49 << 1), nal[1] as number, flags(i, all.length) | ((first >> 1) & 0x3f), ...piece),
  );
}

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(bytes.subarray(at, at + size));
  return out;
}

function flags(index: number, count: number): number {
  return (index === 0 ? 0x80 : 0) | (index === count - 1 ? 0x40 : 0);
}

export interface SeenPicture extends Omit<Picture, "data"> {
  readonly nals: readonly string[];
}

/** An assembler whose pictures are kept, with their NAL units in hex. */
export class AssemblerBench {
  readonly pictures: SeenPicture[] = [];
  readonly formats: string[] = [];
  readonly assembler: PictureAssembler;

  constructor(codec: "h264" | "h265", limits = { accessUnitBytes: 1 << 20, nalsPerUnit: 64 }, orderNumbers = false) {
    const rules = codec === "h264" ? H264_RULES : H265_RULES;
    const depacketizer = codec === "h264" ? new H264Depacketizer() : new H265Depacketizer(orderNumbers);
    this.assembler = new PictureAssembler(rules, depacketizer, limits, {
      onFormat: ({ width, height }) => this.formats.push(`${width}x${height}`),
      onPicture: ({ data, ...rest }) => {
        this.pictures.push({ ...rest, nals: splitAnnexB(Buffer.concat(data)).map(toHex) });
      },
    });
  }

  /** One packet. */
  push(timestamp: number, marker: boolean, payload: Uint8Array): this {
    this.assembler.push(packetOf({ timestamp, marker }, payload));
    return this;
  }

  /** One picture: each NAL unit a packet, the marker on the last. */
  picture(timestamp: number, ...nals: readonly Uint8Array[]): this {
    nals.forEach((nal, i) => {
      this.push(timestamp, i === nals.length - 1, nal);
    });
    return this;
  }

  get timestamps(): number[] {
    return this.pictures.map(({ timestamp }) => timestamp);
  }
}
