import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { RelayCertificates } from "../relay/protocol.ts";

/** Certificates are renewed days before they end, so that a check a day is enough and a failed one is no harm. */
const CHECK_EVERY = millis(86_400_000);

export interface RenewalOptions {
  readonly clock: Clock;
  readonly log: { info(text: string): void; error(fields: object, text: string): void };
  /** What to serve now; makes what is due. */
  readonly load: () => Promise<RelayCertificates>;
  readonly onChanged: (certificates: RelayCertificates) => void;
}

/** Looks once a day whether other certificates are to be served. */
export class CertificateRenewal {
  readonly #options: RenewalOptions;
  readonly #timer: Timer;
  #current: RelayCertificates;
  #checking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(current: RelayCertificates, options: RenewalOptions) {
    this.#current = current;
    this.#options = options;
    this.#timer = options.clock.every(CHECK_EVERY, () => {
      this.#checking = this.#check();
    });
  }

  get current(): RelayCertificates {
    return this.#current;
  }

  /** Waits for a check that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer.cancel();
    await this.#checking;
  }

  async #check(): Promise<void> {
    const { load, onChanged, log } = this.#options;
    try {
      const loaded = await load();
      if (this.#closed || same(loaded, this.#current)) return;
      this.#current = loaded;
      onChanged(loaded);
      log.info("certificates were renewed");
    } catch (error) {
      log.error({ error: describeError(error) }, "the certificates could not be renewed; trying again tomorrow");
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
