import type { ServerMessage } from "../../../shared/wire/control-messages.ts";
import { FLAG, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";

type StreamMessage = Extract<ServerMessage, { type: "stream" }>;

/** Held per stream until its announcement comes; it is on its way already. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;
const MAX_HELD_STREAMS = 256;

interface Held {
  frames: SealedFrame[];
  bytes: number;
}

/**
 * Over WebTransport a GOP may overtake the `stream` message that announces it. Holds such frames back, from their
 * keyframe on, so that receivers see what they would see over WebSocket.
 */
export class AnnouncedStreams {
  readonly #deliver: (frame: SealedFrame) => void;
  readonly #streamOf = new Map<string, number>();
  readonly #announced = new Set<number>();
  readonly #held = new Map<number, Held>();

  constructor(deliver: (frame: SealedFrame) => void) {
    this.#deliver = deliver;
  }

  frame(frame: SealedFrame): void {
    const { streamId, flags } = frame.header;
    if (this.#announced.has(streamId)) {
      this.#deliver(frame);
      return;
    }
    const keyframe = (flags & (FLAG.keyframe | FLAG.audio)) === FLAG.keyframe;
    let held = this.#held.get(streamId);
    if (keyframe && (held || this.#held.size < MAX_HELD_STREAMS)) {
      held = { frames: [], bytes: 0 };
      this.#held.set(streamId, held);
    }
    if (!held) return;
    held.frames.push(frame);
    held.bytes += frame.bytes.byteLength;
    if (held.bytes > MAX_HELD_BYTES) this.#held.delete(streamId);
  }

  /** Call after the message itself was passed on. */
  announce({ cameraId, streamId }: StreamMessage): void {
    const before = this.#streamOf.get(cameraId);
    if (before === streamId) return;
    if (before !== undefined) this.#announced.delete(before);
    this.#streamOf.set(cameraId, streamId);
    this.#announced.add(streamId);
    const held = this.#held.get(streamId);
    this.#held.delete(streamId);
    for (const frame of held?.frames ?? []) this.#deliver(frame);
  }

  forget(cameraIds: readonly string[]): void {
    for (const cameraId of cameraIds) {
      const streamId = this.#streamOf.get(cameraId);
      if (streamId === undefined) continue;
      this.#streamOf.delete(cameraId);
      this.#announced.delete(streamId);
      this.#held.delete(streamId);
    }
  }
}
