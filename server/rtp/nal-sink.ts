import type { RtpPacket } from "./packet.ts";

/** Takes NAL units, whole or in pieces, as a depacketiser finds them. Bytes are borrowed during the call. */
export interface NalSink {
  /**
   * A NAL unit begins.
   * @param first,second its header bytes (`second` is ignored for H.264)
   * @param startsPicture the first bit after the header: H.264 `first_mb_in_slice` 0, H.265 `first_slice_segment_in_pic_flag`.
   * @returns whether its bytes are wanted.
   */
  begin(first: number, second: number, startsPicture: boolean): boolean;
  append(bytes: Uint8Array, start: number, end: number): void;
  end(): void;
  /** A fragment whose start is missing: the picture is damaged. */
  damaged(): void;
}

/** Takes the packets of one stream in order. Returns false for a payload that is not well formed. */
export interface NalDepacketizer {
  push(packet: RtpPacket, sink: NalSink): boolean;
  /** Packets were lost: what was begun will not be completed. */
  reset(): void;
}

/** A whole NAL unit out of `bytes[start, end)`, header included. */
export function pushWhole(sink: NalSink, bytes: Uint8Array, start: number, end: number, headerBytes: 1 | 2): boolean {
  if (end - start < headerBytes) return false;
  const second = headerBytes === 2 ? (bytes[start + 1] as number) : 0;
  const startsPicture = end > start + headerBytes && (bytes[start + headerBytes] as number) >= 0x80;
  if (!sink.begin(bytes[start] as number, second, startsPicture)) return true;
  sink.append(bytes, start + headerBytes, end);
  sink.end();
  return true;
}
