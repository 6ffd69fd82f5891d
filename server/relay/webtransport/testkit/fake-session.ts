import type { NativeRecvStream, NativeSendStream, NativeSession } from "../native.ts";

/** What the server sent on one stream. */
export class FakeSend implements NativeSendStream {
  readonly written: Buffer[] = [];
  finished = false;
  resetWith: number | undefined;
  #blocked: (() => void)[] | undefined;

  constructor(blocked: boolean) {
    this.#blocked = blocked ? [] : undefined;
  }

  unblock(): void {
    const waiting = this.#blocked ?? [];
    this.#blocked = undefined;
    for (const go of waiting) go();
  }

  async write(data: Buffer): Promise<void> {
    const blocked = this.#blocked;
    if (blocked) await new Promise<void>((resolve) => blocked.push(resolve));
    if (this.resetWith !== undefined) throw new Error("stream was reset");
    this.written.push(Buffer.from(data));
  }

  async finish(): Promise<void> {
    this.finished = true;
  }

  async reset(code: number): Promise<void> {
    this.resetWith = code;
    this.unblock();
  }

  async setPriority(): Promise<void> {}
}

/** The viewer's end of the control stream. */
class FakeRecv implements NativeRecvStream {
  readonly #chunks: Buffer[] = [];
  #waiting: ((chunk: Buffer | null) => void) | undefined;

  push(chunk: Buffer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(chunk);
    else this.#chunks.push(chunk);
  }

  read(): Promise<Buffer | null> {
    const chunk = this.#chunks.shift();
    if (chunk) return Promise.resolve(chunk);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  async stop(): Promise<void> {}
}

/** A session without a network: streams are arrays. */
export class FakeSession implements NativeSession {
  readonly control = new FakeSend(false);
  readonly client = new FakeRecv();
  readonly uni: FakeSend[] = [];
  /** Streams opened from now on take nothing until `unblock`. */
  blockNewStreams = false;
  closedWith: { readonly code: number; readonly reason: string } | undefined;
  #accepted = 0;
  #second: (() => void) | undefined;
  #end: (info: { closeCode: number; reason: string }) => void = () => {};
  readonly #closed = new Promise<{ closeCode: number; reason: string }>((resolve) => {
    this.#end = resolve;
  });

  acceptBi(): Promise<{ takeSend(): FakeSend; takeRecv(): FakeRecv }> {
    const stream = { takeSend: () => this.control, takeRecv: () => this.client };
    if (this.#accepted++ === 0) return Promise.resolve(stream);
    return new Promise((resolve) => {
      this.#second = () => resolve(stream);
    });
  }

  acceptUni(): Promise<NativeRecvStream> {
    return new Promise(() => {});
  }

  /** As the viewer: a stream too many. */
  openAnother(): void {
    this.#second?.();
  }

  openUni(): Promise<FakeSend> {
    const stream = new FakeSend(this.blockNewStreams);
    this.uni.push(stream);
    return Promise.resolve(stream);
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
    this.end();
  }

  end(): void {
    this.#end({ closeCode: 0, reason: "" });
  }

  closed(): Promise<{ closeCode: number; reason: string }> {
    return this.#closed;
  }
}
