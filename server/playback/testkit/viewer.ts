import type { PlaybackClientMessage, PlaybackServerMessage } from "../../../shared/wire/playback-messages.ts";
import { readHeader } from "../../../shared/wire/sealed-frame.ts";
import type { PlaybackHandlers, PlaybackLine } from "../playback-connection.ts";

/** A viewer without a network. */
export class Viewer implements PlaybackLine {
  readonly remoteAddress = "192.0.2.50";
  readonly messages: PlaybackServerMessage[] = [];
  readonly frames = new Map<number, Uint8Array[]>();
  closed = false;
  closeCode: string | undefined;
  blocked = false;
  handlers: PlaybackHandlers | undefined;
  #unblock: (() => void) | undefined;
  #changed: (() => void)[] = [];

  send(message: PlaybackServerMessage): void {
    this.messages.push(message);
    this.#tell();
  }
  sendFrames(requestId: number, pieces: readonly Uint8Array[]): void {
    const known = this.frames.get(requestId) ?? [];
    this.frames.set(requestId, [...known, ...pieces.map((piece) => Uint8Array.from(piece))]);
    this.#tell();
  }
  room(): Promise<void> {
    if (!this.blocked) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unblock = resolve;
    });
  }
  drain(): void {
    this.blocked = false;
    this.#unblock?.();
  }
  close(code: string): void {
    this.closed = true;
    this.closeCode = code;
    this.handlers?.onClosed();
    this.#tell();
  }
  say(message: PlaybackClientMessage | Record<string, unknown>): void {
    this.handlers?.onMessage(JSON.stringify(message));
  }
  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }
  message<K extends PlaybackServerMessage["type"]>(
    type: K,
    requestId?: number,
  ): Promise<Extract<PlaybackServerMessage, { type: K }>> {
    return this.until(() =>
      this.messages.find(
        (one): one is Extract<PlaybackServerMessage, { type: K }> =>
          one.type === type && (requestId === undefined || ("requestId" in one && one.requestId === requestId)),
      ),
    );
  }
  sequences(requestId: number): number[] {
    return (this.frames.get(requestId) ?? []).map((bytes) => readHeader(bytes).sequence);
  }
  #tell(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const wake of changed) wake();
  }
}
