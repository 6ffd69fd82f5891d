import type { Thread } from "../thread.ts";

/** A worker thread in a test's hands. */
export class FakeThread<In, Out> implements Thread<In, Out> {
  readonly received: In[] = [];
  readonly data: unknown;
  terminated = false;
  #exited = false;
  /** A real thread takes milliseconds to say anything; nothing it says is lost. */
  readonly #early: Out[] = [];
  readonly #messageListeners: ((message: Out) => void)[] = [];
  readonly #exitListeners: ((error: unknown) => void)[] = [];

  constructor(data: unknown) {
    this.data = data;
  }

  post(message: In): void {
    if (!this.#exited) this.received.push(message);
  }

  onMessage(listener: (message: Out) => void): void {
    this.#messageListeners.push(listener);
    for (const message of this.#early.splice(0)) listener(message);
  }

  onExit(listener: (error: unknown) => void): void {
    this.#exitListeners.push(listener);
  }

  async terminate(): Promise<void> {
    this.terminated = true;
    this.die(new Error("terminated"));
  }

  /** As the thread: says something. */
  say(message: Out): void {
    if (this.#messageListeners.length === 0) this.#early.push(message);
    for (const listener of this.#messageListeners) listener(message);
  }

  /** As the thread: ends. */
  die(error: unknown): void {
    if (this.#exited) return;
    this.#exited = true;
    for (const listener of this.#exitListeners) listener(error);
  }
}
