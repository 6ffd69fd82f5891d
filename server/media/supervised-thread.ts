import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { MediaLog } from "./log.ts";
import type { Thread } from "./thread.ts";

export interface SupervisedOptions<In, Out> {
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: MediaLog;
  /** Starts a new thread. May take time (a new seal generation). */
  readonly start: () => Promise<Thread<In, Out>>;
  /** Every message of the current thread. */
  readonly onMessage: (message: Out) => void;
  /** The thread is ready, for the first time or again: tell it everything. */
  readonly onReady: (thread: Thread<In, Out>) => void;
  /** The thread is gone and will be replaced. */
  readonly onLost: (error: unknown) => void;
  /** Says whether a message means "ready", "closed", or that it could not start. */
  readonly classify: (message: Out) => "ready" | "closed" | FluxError | undefined;
  readonly closeMessage: In;
  /** A thread that has said nothing for this long is stuck and is replaced; undefined: not watched. */
  readonly silenceMs?: number;
}

const FIRST_RESTART_MS = 500;
const MAX_RESTART_MS = 30_000;
const STABLE_MS = 60_000;
const START_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 5_000;

/** Keeps one thread alive: starts it, replaces it with capped, jittered backoff when it dies or hangs, closes it. */
export class SupervisedThread<In, Out> {
  readonly #options: SupervisedOptions<In, Out>;
  #thread: Thread<In, Out> | undefined;
  #ready = false;
  #closing: Promise<void> | undefined;
  #sayClosed: (() => void) | undefined;
  #restart: Timer | undefined;
  #watch: Timer | undefined;
  #failures = 0;
  #restarts = 0;
  #readyAtMs = 0;
  #heardAtMs = 0;
  #checkedAtMs = 0;

  constructor(options: SupervisedOptions<In, Out>) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** How often the thread had to be replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The thread, while it is ready. What is sent to one that is not is lost: `onReady` tells everything again. */
  get current(): Thread<In, Out> | undefined {
    return this.#ready ? this.#thread : undefined;
  }

  /** The first start: rejects when it fails. Later failures are retried for ever. */
  async start(): Promise<void> {
    await this.#begin();
    const { silenceMs, clock } = this.#options;
    if (silenceMs !== undefined && this.#closing === undefined) {
      this.#checkedAtMs = clock.monotonicMs();
      this.#watch = clock.every(millis(silenceMs / 4), () => this.#checkSilence(silenceMs));
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #begin(): Promise<void> {
    const { clock, start, name } = this.#options;
    const thread = await start();
    if (this.#closing !== undefined) {
      await thread.terminate();
      throw new FluxError("media.closed", "the media plane is closing");
    }
    this.#thread = thread;
    this.#heardAtMs = clock.monotonicMs();
    let patience: Timer | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        patience = clock.after(millis(START_TIMEOUT_MS), () =>
          reject(new FluxError("media.start_timeout", `${name} did not become ready`)),
        );
        thread.onExit((error) => {
          reject(error);
          this.#exited(thread, error);
        });
        thread.onMessage((message) => this.#received(thread, message, resolve, reject));
      });
    } catch (error) {
      if (this.#thread === thread) this.#thread = undefined;
      await thread.terminate();
      throw error;
    } finally {
      patience?.cancel();
    }
  }

  #received(thread: Thread<In, Out>, message: Out, resolve: () => void, reject: (error: unknown) => void): void {
    if (thread !== this.#thread) return;
    this.#heardAtMs = this.#options.clock.monotonicMs();
    const kind = this.#options.classify(message);
    if (kind instanceof FluxError) {
      if (!this.#ready) {
        reject(kind);
        return;
      }
      this.#options.log.error({ thread: this.#options.name, code: kind.code }, kind.message);
      void thread.terminate();
      return;
    }
    this.#options.onMessage(message);
    if (kind !== "ready" || this.#ready) return;
    this.#ready = true;
    this.#readyAtMs = this.#heardAtMs;
    this.#options.onReady(thread);
    resolve();
  }

  #exited(thread: Thread<In, Out>, error: unknown): void {
    this.#sayClosed?.();
    if (thread !== this.#thread || !this.#ready) return;
    this.#thread = undefined;
    this.#ready = false;
    if (this.#closing !== undefined) return;
    const { clock, log, name, onLost } = this.#options;
    log.error({ thread: name, error: describeError(error) }, "media thread ended; starting a new one");
    if (clock.monotonicMs() - this.#readyAtMs >= STABLE_MS) this.#failures = 0;
    onLost(error);
    this.#scheduleRestart();
  }

  #scheduleRestart(): void {
    if (this.#closing !== undefined) return;
    const { clock, random, log, name } = this.#options;
    const full = Math.min(MAX_RESTART_MS, FIRST_RESTART_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    this.#restarts++;
    this.#restart = clock.after(millis(full * (0.5 + 0.5 * random())), () => {
      this.#restart = undefined;
      this.#begin().catch((error: unknown) => {
        if (this.#closing !== undefined) return;
        log.error({ thread: name, error: describeError(error) }, "media thread did not start");
        this.#scheduleRestart();
      });
    });
  }

  #checkSilence(silenceMs: number): void {
    const thread = this.#thread;
    const now = this.#options.clock.monotonicMs();
    // This thread itself stood still: what the other one said meanwhile has yet to be read.
    if (now - this.#checkedAtMs > silenceMs / 2) this.#heardAtMs = now;
    this.#checkedAtMs = now;
    if (!thread || !this.#ready || now - this.#heardAtMs < silenceMs) return;
    this.#options.log.error({ thread: this.#options.name, silenceMs }, "media thread is stuck");
    this.#heardAtMs = now;
    void thread.terminate();
  }

  async #close(): Promise<void> {
    this.#restart?.cancel();
    this.#watch?.cancel();
    const thread = this.#thread;
    if (!thread) return;
    let patience: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.#sayClosed = resolve;
      patience = this.#options.clock.after(millis(CLOSE_TIMEOUT_MS), resolve);
      if (this.#ready) thread.post(this.#options.closeMessage);
      else resolve();
    });
    // Having said "closed" it ends by itself; what does not is ended.
    patience?.cancel();
    await thread.terminate();
    this.#thread = undefined;
    this.#ready = false;
  }
}
