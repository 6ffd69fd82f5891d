import type { Clip } from "./annexb-clip.ts";
import { videoPayloadType } from "./frame-template.ts";

/** The SDP of one stream (RFC 4566, RFC 6184 8.2.1). `control` is the track's URL, relative or absolute. */
export function describeStream(clip: Clip, control: string, address: string): string {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const profile = Buffer.from(clip.sps.subarray(1, 4)).toString("hex").toUpperCase();
  const lines = [
    "v=0",
    `o=- 0 0 IN ${address.includes(":") ? "IP6" : "IP4"} ${address}`,
    `s=${clip.name}`,
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=range:npt=now-",
    `m=video 0 RTP/AVP ${videoPayloadType}`,
    `a=rtpmap:${videoPayloadType} H264/90000`,
    `a=fmtp:${videoPayloadType} packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${base64(clip.sps)},${base64(clip.pps)}`,
    `a=framerate:${clip.framesPerSecond}`,
    `a=x-dimensions:${clip.width},${clip.height}`,
    `a=control:${control}`,
  ];
  return `${lines.join("\r\n")}\r\n`;
}
