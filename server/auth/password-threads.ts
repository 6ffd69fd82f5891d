import { availableParallelism } from "node:os";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Thread } from "../media/thread.ts";
import type { Derive } from "./password.ts";

export interface ToPasswordThread {
  readonly password: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly bytes: number;
}
export type FromPasswordThread = Uint8Array;
export type PasswordThread = Thread<ToPasswordThread, FromPasswordThread>;

interface Job {
  readonly resolve: (hash: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}
interface Member {
  readonly thread: PasswordThread;
  job: Job | undefined;
  idle: Timer | undefined;
}

/** An unused thread takes memory. */
const IDLE_MS = millis(60_000);

export interface PasswordThreadsParts {
  readonly clock: Clock;
  readonly spawn: () => PasswordThread;
  readonly concurrent?: number;
}

/**
 * Where passwords are hashed: threads of their own at a low priority, started when there is something to check. A
 * hash takes a processor for a good part of a second, and Node's pool gives it the same right to one as the threads that
 * carry pictures have; a handful of guesses would be felt in every picture.
 */
export class PasswordThreads {
  readonly #parts: PasswordThreadsParts;
  readonly #members = new Set<Member>();
  #closed = false;
  /** A quarter of the processors, at least one, at most four. */
  readonly concurrent: number;

  constructor(parts: PasswordThreadsParts) {
    this.#parts = parts;
    this.concurrent = parts.concurrent ?? Math.min(4, Math.max(1, Math.floor(availableParallelism() / 4)));
  }

  /** Never more than `concurrent` at a time: its caller sees to that. Throws `auth.busy` when it is closed or fails. */
  readonly derive: Derive = (password, salt, iterations, bytes) => {
    if (this.#closed) return Promise.reject(stopped());
    const member = [...this.#members].find(({ job }) => job === undefined) ?? this.#start();
    member.idle?.cancel();
    return new Promise((resolve, reject) => {
      member.job = { resolve, reject };
      member.thread.post({ password, salt, iterations, bytes });
    });
  };

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#members].map((member) => this.#end(member)));
  }

  #start(): Member {
    const member: Member = { thread: this.#parts.spawn(), job: undefined, idle: undefined };
    this.#members.add(member);
    member.thread.onMessage((hash) => {
      const { job } = member;
      member.job = undefined;
      member.idle = this.#parts.clock.after(IDLE_MS, () => void this.#end(member));
      job?.resolve(hash);
    });
    member.thread.onExit((error) => {
      this.#members.delete(member);
      member.idle?.cancel();
      member.job?.reject(this.#closed ? stopped() : new FluxError("auth.busy", "try again shortly", { cause: error }));
    });
    return member;
  }

  #end(member: Member): Promise<void> {
    this.#members.delete(member);
    member.idle?.cancel();
    return member.thread.terminate();
  }
}

function stopped(): FluxError {
  return new FluxError("auth.busy", "the server is stopping");
}
