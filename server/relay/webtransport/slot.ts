import { describeError } from "../../../shared/lib/errors.ts";
import type { KeyPair } from "../protocol.ts";
import { WebTransportListener, type WebTransportListenerOptions } from "./listener.ts";

type SlotOptions = Omit<WebTransportListenerOptions, "port" | "certificate" | "privateKey">;

/**
 * The WebTransport listener, if there can be one: the native module needs a recent C library. Its absence is told, and
 * is no failure. A new certificate takes a new listener, since its socket and its certificate are one.
 */
export class WebTransportSlot {
  readonly #options: SlotOptions;
  readonly #listen: (options: WebTransportListenerOptions) => Promise<WebTransportListener>;
  #listener: WebTransportListener | undefined;
  #error: unknown;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SlotOptions, listen = WebTransportListener.open) {
    this.#options = options;
    this.#listen = listen;
  }

  get port(): number | undefined {
    return this.#listener?.port;
  }

  /** Why there is none, in one line. */
  get error(): string | undefined {
    return this.#error instanceof Error ? this.#error.message : undefined;
  }

  get detail(): string | undefined {
    return this.#error === undefined ? undefined : describeError(this.#error);
  }

  /** Replaces the listener. Never rejects. */
  open(port: number, { certificate, privateKey }: KeyPair): Promise<void> {
    return this.#next(async () => {
      await this.#end();
      if (this.#closed) return;
      try {
        this.#listener = await this.#listen({ ...this.#options, port, certificate, privateKey });
        this.#error = undefined;
      } catch (error) {
        this.#error = error;
      }
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#next(() => this.#end());
  }

  async #end(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.close();
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
    return this.#turn;
  }
}
