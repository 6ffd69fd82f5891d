import { pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { FluxError } from "../../shared/lib/errors.ts";

/** PBKDF2-HMAC-SHA-256 of `iterations`, `bytes` long. */
export type Derive = (password: string, salt: Uint8Array, iterations: number, bytes: number) => Promise<Uint8Array>;

/** Where hashes are computed, and how many at once. */
export interface PasswordWork {
  readonly concurrent: number;
  readonly derive: Derive;
}

const onPool = promisify(pbkdf2);
/** Node's own pool: for tests and tools. File and DNS work needs its other threads. */
const POOL: PasswordWork = {
  concurrent: 2,
  derive: (password, salt, iterations, bytes) => onPool(password, salt, iterations, bytes, "sha256"),
};

/** OWASP's figure for PBKDF2-HMAC-SHA-256. */
export const PBKDF2_ITERATIONS = 600_000;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Waiting log-ins beyond this are turned away: each costs a good part of a second of CPU. */
const MAX_WAITING = 50;
/** Places in the queue that only known devices get: a flood of guesses keeps nobody out who was here before. */
const MAX_URGENT = 20;
/** In place of a hash: the account has no password, its owner signs in through a provider. */
export const NO_PASSWORD = "!";
const FORMAT = /^pbkdf2-sha256\$(\d{1,9})\$([A-Za-z0-9+/]{22,}={0,2})\$([A-Za-z0-9+/]{43}=)$/;

/** Hashes and checks passwords, off the event loop, a bounded number at a time. */
export class PasswordHasher {
  readonly #iterations: number;
  readonly #work: PasswordWork;
  readonly #decoy: string;
  readonly #waiting: (() => void)[] = [];
  readonly #urgent: (() => void)[] = [];
  #running = 0;

  /** Fewer `iterations` are for tests. */
  constructor(iterations = PBKDF2_ITERATIONS, work = POOL) {
    this.#iterations = iterations;
    this.#work = work;
    this.#decoy = format(iterations, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
  }

  /** Throws `auth.busy`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    return format(this.#iterations, salt, await this.#derive(password, salt, this.#iterations));
  }

  /**
   * `stored` undefined or `NO_PASSWORD`: there is no such user or password; takes as long and answers false. `urgent`: a
   * device known to be the user's, which waits for no guesser. Throws `auth.busy`.
   */
  async verify(password: string, stored: string | undefined, { urgent = false } = {}): Promise<boolean> {
    const real = stored !== undefined && stored !== NO_PASSWORD;
    const [, iterations = "", salt = "", hash = ""] = FORMAT.exec(real ? stored : this.#decoy) ?? [];
    if (hash === "") throw new FluxError("auth.bad_hash", "stored password hash is not readable");
    const actual = await this.#derive(password, Buffer.from(salt, "base64"), Number(iterations), urgent);
    return timingSafeEqual(actual, Buffer.from(hash, "base64")) && real;
  }

  /** The hash was made with fewer iterations than today's. */
  needsRehash(stored: string): boolean {
    return Number(FORMAT.exec(stored)?.[1] ?? 0) < this.#iterations;
  }

  async #derive(password: string, salt: Buffer, iterations: number, urgent = false): Promise<Uint8Array> {
    if (this.#running >= this.#work.concurrent) {
      const [queue, places] = urgent ? [this.#urgent, MAX_URGENT] : [this.#waiting, MAX_WAITING];
      if (queue.length >= places) throw new FluxError("auth.busy", "too many log-ins at once, try again shortly");
      await new Promise<void>((go) => queue.push(go));
    } else {
      this.#running++;
    }
    try {
      // NFKC: the same password typed on another keyboard or system is the same bytes.
      return await this.#work.derive(password.normalize("NFKC"), salt, iterations, HASH_BYTES);
    } finally {
      const next = this.#urgent.shift() ?? this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

function format(iterations: number, salt: Buffer, hash: Uint8Array): string {
  return `pbkdf2-sha256$${iterations}$${salt.toString("base64")}$${Buffer.from(hash).toString("base64")}`;
}
