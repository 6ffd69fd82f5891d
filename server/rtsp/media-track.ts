import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { AudioTrack } from "../rtp/audio-track.ts";
import { H264Depacketizer } from "../rtp/h264.ts";
import { H265Depacketizer } from "../rtp/h265.ts";
import { H264_RULES, H265_RULES } from "../rtp/nal-rules.ts";
import { type TrackHandlers, VideoTrack } from "../rtp/video-track.ts";
import type { PullLimits } from "./limits.ts";
import { printable } from "./message.ts";
import type { Sdp, SdpFormat, SdpMedia } from "./sdp.ts";

export interface ChosenMedia {
  readonly media: SdpMedia;
  readonly format: SdpFormat;
}

/** The first video that can be carried. Throws `rtsp.unsupported`, naming what the camera offers. */
export function chooseVideo(sdp: Sdp): ChosenMedia {
  const chosen = choose(sdp, "video", (format) => format.encoding === "H264" || format.encoding === "H265");
  if (chosen) return chosen;
  const offers = sdp.media.flatMap(({ type, formats }) => formats.map(({ encoding }) => `${type} ${encoding}`));
  const list = offers.length > 0 ? printable(offers.join(", "), 200) : "nothing that has a name";
  throw new FluxError("rtsp.unsupported", `the camera offers ${list}; H.264 or H.265 video is needed`);
}

/** The first audio that can be carried, if any. */
export function chooseAudio(sdp: Sdp): ChosenMedia | undefined {
  return choose(sdp, "audio", (format) => AudioTrack.supports(format));
}

function choose(sdp: Sdp, type: string, supported: (format: SdpFormat) => boolean): ChosenMedia | undefined {
  for (const media of sdp.media) {
    // SRTP needs keys that RTSP does not carry; an ONVIF back channel is for talking to the camera.
    if (media.type !== type || media.backChannel || !/^RTP\/AVPF?(\/(TCP|UDP))?$/.test(media.protocol)) continue;
    const format = media.formats.find(supported);
    if (format && format.clockRate > 0) return { media, format };
  }
  return undefined;
}

/** Everything between packets in order and access units, for the chosen video. */
export function createVideoTrack(chosen: ChosenMedia, clock: Clock, limits: PullLimits, to: TrackHandlers): VideoTrack {
  const { encoding, parameters, clockRate } = chosen.format;
  const h265 = encoding === "H265";
  const names = h265 ? ["sprop-vps", "sprop-sps", "sprop-pps"] : ["sprop-parameter-sets"];
  const orderNumbers = Number(parameters.get("sprop-max-don-diff") ?? 0) > 0;
  return new VideoTrack(
    {
      rules: h265 ? H265_RULES : H264_RULES,
      depacketizer: h265 ? new H265Depacketizer(orderNumbers) : new H264Depacketizer(),
      clockRate,
      clock,
      limits,
      parameterSets: names.flatMap((name) => decodeSets(parameters.get(name))),
    },
    to,
  );
}

/** Base64 parameter sets, separated by commas. */
function decodeSets(value: string | undefined): Uint8Array[] {
  if (value === undefined) return [];
  return value
    .split(",", 16)
    .map((text) => new Uint8Array(Buffer.from(text.trim(), "base64")))
    .filter((bytes) => bytes.length > 0)
    .map(withoutStartCode);
}

/** Some cameras put the Annex B start code into the SDP too. */
function withoutStartCode(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0 || bytes[1] !== 0) return bytes;
  if (bytes[2] === 1) return bytes.subarray(3);
  return bytes[2] === 0 && bytes[3] === 1 ? bytes.subarray(4) : bytes;
}
