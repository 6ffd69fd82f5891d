import type { Clock } from "../../shared/lib/clock.ts";
import { CODEC_IDS, type VideoCodec } from "../../shared/media/types.ts";
import type { ServerMessage } from "../../shared/wire/control-messages.ts";
import { FLAG, type SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { DecodedPicture, StreamDecoder, StreamDecoderDeps } from "./decode/stream-decoder.ts";
import type { KeyName, KeyStore } from "./open/key-store.ts";
import { Opener } from "./open/opener.ts";

export type StreamMessage = Extract<ServerMessage, { type: "stream" }>;

const VIDEO_CODECS = new Map<number, VideoCodec>([
  [CODEC_IDS.h264, "h264"],
  [CODEC_IDS.h265, "h265"],
  [CODEC_IDS.mjpeg, "mjpeg"],
]);

export interface StreamPlayerDeps {
  readonly clock: Clock;
  readonly keys: KeyStore;
  createDecoder(onPicture: StreamDecoderDeps["onPicture"]): StreamDecoder;
  onKeyNeeded(name: KeyName): void;
  /** Takes ownership. */
  onPicture(player: StreamPlayer, picture: DecodedPicture): void;
}

/** One stream from sealed frames to decoded pictures: opens, then decodes. */
export class StreamPlayer {
  readonly streamId: number;
  readonly decoder: StreamDecoder;
  readonly opener: Opener;
  message: StreamMessage;

  constructor(message: StreamMessage, deps: StreamPlayerDeps) {
    this.streamId = message.streamId;
    this.message = message;
    this.decoder = deps.createDecoder((picture) => deps.onPicture(this, picture));
    this.decoder.announce(message.format?.codecString);
    this.opener = new Opener(message.cameraId, deps.keys, deps.clock, {
      onOpened: (frame, payload) => this.#decode(frame, payload),
      onGap: () => this.decoder.gap(),
      onKeyNeeded: (name) => deps.onKeyNeeded(name),
    });
  }

  update(message: StreamMessage): void {
    this.message = message;
    this.decoder.announce(message.format?.codecString);
  }

  close(): void {
    this.decoder.close();
  }

  #decode({ header }: SealedFrame, payload: Uint8Array): void {
    const codec = VIDEO_CODECS.get(header.codec);
    if (codec === undefined) return;
    this.decoder.push({
      codec,
      data: payload,
      keyframe: (header.flags & FLAG.keyframe) !== 0,
      codecChange: (header.flags & FLAG.codecChange) !== 0,
      pts: header.pts,
      captureTime: header.captureTime,
    });
  }
}
