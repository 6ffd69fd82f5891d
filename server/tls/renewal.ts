import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { RelayCertificates } from "../relay/protocol.ts";

/** Certificates are renewed days before they end, so that a check a day is enough and a failed one is no harm. */
const CHECK_EVERY = millis(86_400_000);
/** Whoever replaces the files wants them served soon; two `stat` calls cost nothing. */
const WATCH_EVERY = millis(5_000);

export interface RenewalOptions {
  readonly clock: Clock;
  readonly log: { info(text: string): void; error(fields: object, text: string): void };
  /** What to serve now; makes what is due. Rejects where that cannot be served: what is served goes on. */
  readonly load: () => Promise<RelayCertificates>;
  readonly onChanged: (certificates: RelayCertificates) => void;
  /** Something that changes with the operator's files; undefined: there are none. */
  readonly filesState?: (() => Promise<string>) | undefined;
}

/** Looks whether other certificates are to be served: once a day, when the operator's files change, and when told to. */
export class CertificateRenewal {
  readonly #options: RenewalOptions;
  readonly #timers: readonly Timer[];
  #current: RelayCertificates;
  #files: string | undefined;
  #failed = false;
  #checking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(current: RelayCertificates, options: RenewalOptions) {
    this.#current = current;
    this.#options = options;
    const { clock, filesState } = options;
    this.#timers = [
      clock.every(CHECK_EVERY, () => void this.reload()),
      ...(filesState ? [clock.every(WATCH_EVERY, () => this.#watch(filesState))] : []),
    ];
    if (filesState) this.#watch(filesState);
  }

  get current(): RelayCertificates {
    return this.#current;
  }

  /** Resolves when nothing is under way. */
  get settled(): Promise<void> {
    return this.#checking;
  }

  /** Looks now (SIGHUP). Never rejects; says in the log what came of it. */
  reload(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#check());
    return this.#checking;
  }

  /** Waits for a check that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    await this.#checking;
  }

  #watch(filesState: () => Promise<string>): void {
    this.#checking = this.#checking.then(async () => {
      const state = await filesState();
      const first = this.#files === undefined;
      // One that could not be served may be half of a pair: it is looked at until it can.
      if (state === this.#files && !this.#failed) return;
      this.#files = state;
      if (!first) await this.#check();
    });
  }

  async #check(): Promise<void> {
    if (this.#closed) return;
    const { load, onChanged, log } = this.#options;
    try {
      const loaded = await load();
      this.#failed = false;
      if (this.#closed || same(loaded, this.#current)) return;
      this.#current = loaded;
      onChanged(loaded);
      log.info("certificates were renewed: new connections get the new ones");
    } catch (error) {
      if (!this.#failed) {
        log.error({ error: describeError(error) }, "the certificates could not be renewed; the old ones are served on");
      }
      this.#failed = true;
    }
  }
}

function same(one: RelayCertificates, other: RelayCertificates): boolean {
  return (
    one.tls.certificate === other.tls.certificate &&
    one.tls.privateKey === other.tls.privateKey &&
    one.webTransport.hashBase64 === other.webTransport.hashBase64
  );
}
