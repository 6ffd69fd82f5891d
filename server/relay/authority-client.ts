import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { ArchiveAuthority, AuthorityMethod, FromRelay, RelayAuthority, ToRelay } from "./protocol.ts";

type Reply = Extract<ToRelay, { type: "reply" }>;

/** A main thread that takes longer is as good as gone: the caller fails closed. */
const ANSWER_WITHIN_MS = millis(5000);
/** Bytes of cold storage come from elsewhere, which is tried twice. */
const BYTES_WITHIN_MS = millis(40_000);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FluxError) => void;
  readonly timer: Timer;
}

/** `RelayAuthority` over the thread's port. Rejects with the main thread's codes, or `relay.authority_unavailable`. */
export class AuthorityClient implements RelayAuthority, ArchiveAuthority {
  readonly #post: (message: FromRelay) => void;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequestId = 0;
  #closed = false;

  constructor(post: (message: FromRelay) => void, clock: Clock) {
    this.#post = post;
    this.#clock = clock;
  }

  authenticate(...args: Parameters<RelayAuthority["authenticate"]>): ReturnType<RelayAuthority["authenticate"]> {
    return this.#call("authenticate", args) as ReturnType<RelayAuthority["authenticate"]>;
  }

  renew(...args: Parameters<RelayAuthority["renew"]>): ReturnType<RelayAuthority["renew"]> {
    return this.#call("renew", args) as ReturnType<RelayAuthority["renew"]>;
  }

  authorise(...args: Parameters<RelayAuthority["authorise"]>): ReturnType<RelayAuthority["authorise"]> {
    return this.#call("authorise", args) as ReturnType<RelayAuthority["authorise"]>;
  }

  key(...args: Parameters<RelayAuthority["key"]>): ReturnType<RelayAuthority["key"]> {
    return this.#call("key", args) as ReturnType<RelayAuthority["key"]>;
  }

  archive(...args: Parameters<ArchiveAuthority["archive"]>): ReturnType<ArchiveAuthority["archive"]> {
    return this.#call("archive", args) as ReturnType<ArchiveAuthority["archive"]>;
  }

  archiveKeys(...args: Parameters<ArchiveAuthority["archiveKeys"]>): ReturnType<ArchiveAuthority["archiveKeys"]> {
    return this.#call("archiveKeys", args) as ReturnType<ArchiveAuthority["archiveKeys"]>;
  }

  archiveBytes(...args: Parameters<ArchiveAuthority["archiveBytes"]>): ReturnType<ArchiveAuthority["archiveBytes"]> {
    return this.#call("archiveBytes", args, BYTES_WITHIN_MS) as ReturnType<ArchiveAuthority["archiveBytes"]>;
  }

  onReply(reply: Reply): void {
    const waiting = this.#take(reply.requestId);
    if (!waiting) return;
    if (reply.error) waiting.reject(new FluxError(reply.error.code, reply.error.message));
    else waiting.resolve(reply.value);
  }

  close(): void {
    this.#closed = true;
    for (const requestId of [...this.#waiting.keys()]) this.#take(requestId)?.reject(unavailable("shutting down"));
  }

  #call(method: AuthorityMethod, args: readonly unknown[], withinMs = ANSWER_WITHIN_MS): Promise<unknown> {
    if (this.#closed) return Promise.reject(unavailable("shutting down"));
    return new Promise((resolve, reject) => {
      const requestId = ++this.#lastRequestId;
      const timer = this.#clock.after(withinMs, () => {
        this.#take(requestId)?.reject(unavailable("the server did not answer in time"));
      });
      this.#waiting.set(requestId, { resolve, reject, timer });
      this.#post({ type: "request", requestId, method, args });
    });
  }

  #take(requestId: number): Waiting | undefined {
    const waiting = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    waiting?.timer.cancel();
    return waiting;
  }
}

function unavailable(message: string): FluxError {
  return new FluxError("relay.authority_unavailable", message);
}
