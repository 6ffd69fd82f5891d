import { readFrame, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { IngestToRelay, RelayToIngest } from "../protocol.ts";

/** The relay's end of the line, without a thread's delays. */
export class FakePort {
  readonly sent: IngestToRelay[] = [];
  closed = false;
  #onMessage: (message: RelayToIngest) => void = () => undefined;
  #onClose: () => void = () => undefined;

  on(event: string, listener: (message: RelayToIngest) => void): void {
    if (event === "message") this.#onMessage = listener;
    else this.#onClose = listener as () => void;
  }

  postMessage(message: IngestToRelay): void {
    this.sent.push(message);
  }

  close(): void {
    this.closed = true;
    this.#onClose();
  }

  say(message: RelayToIngest): void {
    this.#onMessage(message);
  }

  get frames(): SealedFrame[] {
    const frames: SealedFrame[] = [];
    for (const message of this.sent) {
      if (message.type !== "frames") continue;
      const bytes = new Uint8Array(message.buffer);
      for (let at = 0, frame = readFrame(bytes, at); frame; frame = readFrame(bytes, at)) {
        frames.push(frame);
        at += frame.bytes.byteLength;
      }
    }
    return frames;
  }
}
