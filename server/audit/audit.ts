import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { type Micros, micros, millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import { isDatabaseUnavailable } from "../db/errors.ts";
import { toDate } from "../db/time.ts";
import { type AuditChain, unavailable } from "./chain.ts";
import { Repeats } from "./repeats.ts";
import { type AuditDraft, type AuditEntry, draftOf } from "./row.ts";

export interface AuditOptions {
  readonly chain: AuditChain;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rows that wait for the database at most; by default 10,000. */
  readonly capacity?: number;
}

/** Looks at an entry before it is stored: adds old and new values, say. Slow at most as a query. */
export type Enrich = (entry: AuditEntry) => Promise<AuditEntry>;

interface Waiting {
  readonly draft: AuditDraft;
  readonly settle: ((stored: boolean) => void) | undefined;
}

const CAPACITY = 10_000;
const BATCH = 250;
/** A signature at least so often while there is something to sign. */
const SIGN_EVERY_ROWS = 256;
const SIGN_AFTER_MS = millis(30_000);
/** How long a request waits for its row while the database is away; the row is still written afterwards. */
const PATIENCE_MS = millis(5000);
const CLOSE_PATIENCE_MS = millis(5000);
const MOST_TRIES = 3;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 15_000;

/**
 * The way into the audit chain: a bounded queue and one writer. Rows are written in the order in which they are given; many
 * that wait are written together.
 */
export class Audit {
  readonly #options: AuditOptions;
  readonly #repeats: Repeats;
  readonly #queue: Waiting[] = [];
  #enrich: Enrich | undefined;
  #writing: Promise<void> | undefined;
  #signTimer: Timer | undefined;
  #retry: { readonly now: () => void } | undefined;
  #refused = new Map<string, number>();
  #refusedSince: Micros | undefined;
  #closed = false;
  #givenUp = false;

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#repeats = new Repeats(options.clock, (entry) => this.#put(entry));
  }

  /** What looks at entries before they are stored. */
  enrichWith(enrich: Enrich): void {
    this.#enrich = enrich;
  }

  /** Rows that wait for the database. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Resolves when the row is stored, or after some seconds if the database is away: what was done is done, and the row is
   * written as soon as it can be. Never rejects.
   */
  async add(entry: AuditEntry): Promise<void> {
    await this.#store(entry);
  }

  /** Before something dangerous is done: throws `audit.unavailable` unless the row is stored. */
  async require(entry: AuditEntry): Promise<void> {
    if (!(await this.#store(entry))) throw unavailable();
  }

  /** For hot paths: returns at once. */
  note(entry: AuditEntry): void {
    if (this.#isCounted(entry) && !this.#repeats.first(entry)) return;
    this.#put(entry);
  }

  /** What waits is written and signed now. Waits for a database that is away. */
  async flush(): Promise<void> {
    this.#repeats.flush();
    this.#retry?.now();
    while (this.#queue.length > 0 && !this.#givenUp) await this.#write();
    if (this.#givenUp) return;
    await this.#exclusive(() => this.#options.chain.checkpoint());
  }

  /** Between two batches of the writer: pruning and signing must not meet it. */
  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    while (this.#writing !== undefined) await this.#writing;
    const done = work();
    this.#writing = done
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        this.#writing = undefined;
        this.#next();
      });
    return done;
  }

  /** Takes out rows older than `cutoff`, and says so. Returns how many. */
  async prune(cutoff: Date): Promise<number> {
    const rows = await this.#exclusive(() => this.#options.chain.prune(cutoff));
    if (rows === 0) return 0;
    await this.add({ action: "audit.pruned", via: "system", details: { rows, before: cutoff.toISOString() } });
    await this.#exclusive(() => this.#options.chain.checkpoint());
    return rows;
  }

  /** Writes and signs what there is, for some seconds at most. */
  async close(): Promise<void> {
    if (this.#closed) return this.#writing;
    this.#closed = true;
    const { clock, log } = this.#options;
    const late = clock.after(CLOSE_PATIENCE_MS, () => {
      this.#givenUp = true;
      this.#retry?.now();
    });
    try {
      await this.flush();
    } catch (err) {
      log.error({ err }, "the audit chain could not be signed at the end; that is done at the next start");
    }
    late.cancel();
    this.#signTimer?.cancel();
    if (this.#queue.length > 0) log.error({ rows: this.#queue.length }, "audit rows were lost: the database is away");
    this.#settleAll();
    const { seq } = this.#options.chain.head;
    log.info({ seq, checkpoint: this.#options.chain.signed?.number }, "audit chain closed");
  }

  async #store(entry: AuditEntry): Promise<boolean> {
    if (this.#isCounted(entry) && !this.#repeats.first(entry)) return true;
    const whole = await this.#enriched(entry);
    return new Promise((settle) => {
      const patience = this.#options.clock.after(PATIENCE_MS, () => settle(false));
      this.#put(whole, (stored) => {
        patience.cancel();
        settle(stored);
      });
    });
  }

  #isCounted({ action, outcome }: AuditEntry): boolean {
    return outcome === "denied" || outcome === "failed" || /(failed|denied)$/.test(action);
  }

  async #enriched(entry: AuditEntry): Promise<AuditEntry> {
    if (!this.#enrich) return entry;
    const { clock } = this.#options;
    let patience: Timer | undefined;
    try {
      const late = new Promise<AuditEntry>((use) => {
        patience = clock.after(PATIENCE_MS, () => use(entry));
      });
      return await Promise.race([this.#enrich(entry), late]);
    } catch (err) {
      this.#options.log.error({ err, action: entry.action }, "old and new values are not known for an audit row");
      return entry;
    } finally {
      patience?.cancel();
    }
  }

  #put(entry: AuditEntry, settle?: (stored: boolean) => void): void {
    const { clock, log, capacity = CAPACITY } = this.#options;
    const now = clock.utcMicros();
    if (this.#queue.length >= capacity || this.#givenUp) {
      if (this.#refused.size === 0) log.error({ action: entry.action }, "audit rows are refused: too many wait");
      this.#refused.set(entry.action, (this.#refused.get(entry.action) ?? 0) + 1);
      this.#refusedSince ??= now;
      settle?.(false);
      return;
    }
    this.#queue.push({ draft: draftOf(entry, toDate(now)), settle });
    this.#next();
  }

  #next(): void {
    if (this.#queue.length > 0 && !this.#writing && !this.#givenUp) void this.#write();
  }

  /** One batch. Never rejects. */
  #write(): Promise<void> {
    this.#writing ??= this.#batch().finally(() => {
      this.#writing = undefined;
      this.#next();
    });
    return this.#writing;
  }

  async #batch(): Promise<void> {
    const { chain, log } = this.#options;
    const some = this.#queue.slice(0, BATCH);
    if (some.length === 0) return;
    for (let waitMs = FIRST_RETRY_MS, tries = 0; ; waitMs = Math.min(waitMs * 2, LAST_RETRY_MS)) {
      try {
        await chain.append(some.map(({ draft }) => draft));
        break;
      } catch (err) {
        log.error({ err, waiting: this.#queue.length }, "audit rows cannot be stored now");
        if (!isDatabaseUnavailable(err) && ++tries >= MOST_TRIES) {
          // One of them is not taken: they go one by one, and the one at fault without what it holds.
          const [first] = some.splice(1) && some;
          if (first && tries >= 2 * MOST_TRIES) some.splice(0, 1, { ...first, draft: withoutContent(first.draft) });
        }
        if (!this.#givenUp) await this.#pause(waitMs);
        if (this.#givenUp) return;
      }
    }
    this.#queue.splice(0, some.length);
    for (const { settle } of some) settle?.(true);
    this.#tellRefused();
    await this.#signSoon();
  }

  #pause(waitMs: number): Promise<void> {
    return new Promise((now) => {
      const timer = this.#options.clock.after(millis(waitMs), () => this.#retry?.now());
      this.#retry = {
        now: () => {
          this.#retry = undefined;
          timer.cancel();
          now();
        },
      };
    });
  }

  /** There is room again: how many were refused is a row itself. */
  #tellRefused(): void {
    if (this.#refused.size === 0 || this.#refusedSince === undefined) return;
    const since = toDate(micros(this.#refusedSince)).toISOString();
    const actions = Object.fromEntries(this.#refused);
    const rows = [...this.#refused.values()].reduce((sum, some) => sum + some, 0);
    this.#refused = new Map();
    this.#refusedSince = undefined;
    this.#put({ action: "audit.refused", outcome: "failed", via: "system", details: { rows, since, actions } });
  }

  async #signSoon(): Promise<void> {
    const { chain, clock, log } = this.#options;
    if (chain.unsigned >= SIGN_EVERY_ROWS) {
      this.#signTimer?.cancel();
      this.#signTimer = undefined;
      await chain.checkpoint().catch((err: unknown) => log.error({ err }, "the audit chain could not be signed"));
      return;
    }
    if (chain.unsigned > 0 && !this.#closed) {
      this.#signTimer ??= clock.after(SIGN_AFTER_MS, () => {
        this.#signTimer = undefined;
        void this.#exclusive(() => chain.checkpoint()).catch((err: unknown) => {
          log.error({ err }, "the audit chain could not be signed");
        });
      });
    }
  }

  #settleAll(): void {
    for (const { settle } of this.#queue.splice(0)) settle?.(false);
  }
}

function withoutContent(draft: AuditDraft): AuditDraft {
  return { ...draft, target: null, details: { unstorable: true }, changes: null };
}
