import type { DecoderLike } from "../decode/backend.ts";
import type { DecoderPool } from "../decode/decoder-pool.ts";
import type { OwnedFrame } from "../decode/frame-ledger.ts";
import { keyframeFacts } from "../decode/keyframe-facts.ts";
import type { Gop, GopFrame } from "./gop.ts";

export interface KeyframeDecoderDeps {
  readonly pool: DecoderPool;
  open(gop: Gop, frame: GopFrame): Uint8Array | "no-key" | "refused";
  /** The picture as a bitmap of that width. */
  shrink(frame: VideoFrame, widthPx: number): Promise<ImageBitmap>;
}

/** Decodes single keyframes to small bitmaps. In software where it can: the hardware's decoders are for what plays. */
export class KeyframeDecoder {
  readonly #deps: KeyframeDecoderDeps;

  constructor(deps: KeyframeDecoderDeps) {
    this.#deps = deps;
  }

  /** Undefined when it cannot be opened or decoded. */
  async decode(gop: Gop, widthPx: number): Promise<ImageBitmap | undefined> {
    const first = gop.frames[0];
    const payload = first && this.#deps.open(gop, first);
    if (!payload || typeof payload === "string") return undefined;
    const { pool } = this.#deps;
    const codecString = keyframeFacts(gop.codec, payload).codecString ?? gop.source.codecString;
    const choices = await pool.support.choices(codecString);
    const choice = choices.find(({ site }) => site === "software") ?? choices.at(-1);
    if (!choice) return undefined;
    let picture: OwnedFrame | undefined;
    let failed = false;
    const decoder: DecoderLike = pool.backend.createDecoder({
      output: (frame) => {
        const owned = pool.ledger.own(frame);
        if (picture) owned.close();
        else picture = owned;
      },
      error: () => {
        failed = true;
      },
    });
    try {
      decoder.configure(choice.config);
      decoder.decode(
        pool.backend.createChunk({ type: "key", timestamp: gop.startMicros, data: payload as BufferSource }),
      );
      await decoder.flush();
      return picture && !failed ? await this.#deps.shrink(picture.frame, widthPx) : undefined;
    } catch {
      return undefined;
    } finally {
      picture?.close();
      if (decoder.state !== "closed") decoder.close();
    }
  }
}
