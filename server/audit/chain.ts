import { eq, gt } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { auditCheckpoints, auditEntries } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { AnchorFile } from "./anchor.ts";
import {
  type Checkpoint,
  type CheckpointSigner,
  hexOf,
  NO_PREVIOUS,
  parseBody,
  SignatureChecker,
  sha256Hex,
} from "./checkpoint.ts";
import { type AuditDraft, type AuditRow, chained, draftOf, NO_HASH, sameBytes } from "./row.ts";
import {
  allowMaintenance,
  type Head,
  insertRows,
  lastCheckpoint,
  lastRow,
  lastRowBefore,
  lockChain,
  removeRows,
  type Transaction,
  unchained,
} from "./store.ts";

export interface ChainParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signer: CheckpointSigner;
  readonly macKey: Uint8Array;
  readonly anchor: AnchorFile;
}

const ADOPT_BATCH = 500;
const PRUNE_BATCH = 5000;
/** The clock may be set right by so much without being talked about. */
export const CLOCK_TOLERANCE_MS = 2000;
const NOTHING: Head = { seq: 0, hash: NO_HASH, at: new Date(0) };

/**
 * The chain in the database. Every row's hash covers the one before it; signed checkpoints say now and then what the last row
 * was. What is in memory is believed rather than the table: rows that vanish leave a gap that stays. One call at a time.
 */
export class AuditChain {
  readonly #parts: ChainParts;
  #head: Head = NOTHING;
  #signed: Checkpoint | undefined;
  /** The batch whose commit nobody confirmed, if the connection broke then. */
  #unconfirmed: readonly AuditRow[] | undefined;

  private constructor(parts: ChainParts) {
    this.#parts = parts;
  }

  /** Takes in rows from before the chain at its first start, and looks whether the end is where it was left. */
  static async open(parts: ChainParts): Promise<AuditChain> {
    const chain = new AuditChain(parts);
    await chain.#open();
    return chain;
  }

  get head(): Head {
    return this.#head;
  }

  /** Rows since the last signature. */
  get unsigned(): number {
    return this.#head.seq - (this.#signed?.seq ?? 0);
  }

  get signed(): Checkpoint | undefined {
    return this.#signed;
  }

  /** Adds rows in this order, durably. Throws the database's error; the same rows may then be given again. */
  async append(drafts: readonly AuditDraft[]): Promise<void> {
    const { orm, macKey } = this.#parts;
    const added = await orm.transaction(async (transaction) => {
      await lockChain(transaction);
      const stored = await lastRow(transaction);
      const unconfirmed = this.#unconfirmed?.at(-1);
      if (unconfirmed && stored?.seq === unconfirmed.seq && sameBytes(stored.hash, unconfirmed.hash)) {
        this.#head = unconfirmed;
        return [];
      }
      const before = this.#agree(stored, drafts[0]?.at);
      const rows: AuditRow[] = [];
      let { seq, hash, at } = this.#head;
      for (const draft of [...before, ...drafts.flatMap((one) => this.#withClock(one, at))]) {
        seq++;
        const row = chained(draft, seq, hash, macKey);
        hash = row.hash;
        at = row.at;
        rows.push(row);
      }
      this.#unconfirmed = rows;
      await insertRows(transaction, rows);
      return rows;
    });
    const last = added.at(-1);
    if (last) this.#head = last;
    this.#unconfirmed = undefined;
  }

  /** Signs what the last row is, unless that is signed already. */
  async checkpoint(): Promise<void> {
    if (this.unsigned <= 0) return;
    const { orm, clock, signer, anchor, log } = this.#parts;
    const made = await orm.transaction(async (transaction) => {
      await lockChain(transaction);
      const { seq, hash } = this.#head;
      const link = nextNumber(await lastCheckpoint(transaction), this.#signed);
      const at = toDate(clock.utcMicros()).toISOString();
      const checkpoint = signer.checkpoint({ kind: "head", ...link, seq, hash: hexOf(hash), at });
      await transaction.insert(auditCheckpoints).values(checkpoint);
      return checkpoint;
    });
    this.#signed = made;
    await anchor.write(made);
    log.debug({ seq: made.seq, hash: hexOf(this.#head.hash), checkpoint: made.number }, "audit chain signed");
  }

  /** Takes out rows older than `cutoff`, under a signed statement of what the first remaining one follows. */
  async prune(cutoff: Date): Promise<number> {
    let rows = 0;
    for (;;) {
      const gone = await this.#pruneSome(cutoff);
      if (gone === 0) return rows;
      rows += gone;
    }
  }

  async #pruneSome(cutoff: Date): Promise<number> {
    const { orm, clock, signer } = this.#parts;
    const done = await orm.transaction(async (transaction) => {
      await lockChain(transaction);
      const last = await lastRowBefore(transaction, cutoff, PRUNE_BATCH);
      if (!last) return undefined;
      const link = nextNumber(await lastCheckpoint(transaction), this.#signed);
      const [kept] = await transaction
        .select()
        .from(auditCheckpoints)
        .where(gt(auditCheckpoints.seq, last.seq))
        .orderBy(auditCheckpoints.number)
        .limit(1);
      const firstNumber = kept?.number ?? link.number;
      const firstPrevious = (kept && parseBody(kept.body)?.previous) ?? link.previous;
      await allowMaintenance(transaction);
      const rows = await removeRows(transaction, last.seq, firstNumber);
      const checkpoint = signer.checkpoint({
        kind: "prune",
        ...link,
        seq: last.seq,
        hash: hexOf(last.hash),
        at: toDate(clock.utcMicros()).toISOString(),
        firstNumber,
        firstPrevious,
        rows,
      });
      await transaction.insert(auditCheckpoints).values(checkpoint);
      return { rows, checkpoint };
    });
    if (!done) return 0;
    // Its row is not the last one, so that the next signature says again where the end is.
    this.#signed = done.checkpoint;
    return done.rows;
  }

  async #open(): Promise<void> {
    const { orm, anchor, signer, log } = this.#parts;
    const remembered = await anchor.read();
    const checker = new SignatureChecker(signer.publicJwk);
    const trusted = remembered && checker.check(remembered.body, remembered.signature) ? remembered : undefined;
    if (remembered && !trusted) log.error("the audit anchor in the data folder is not signed by this server's key");
    const stored = await lastRow(orm);
    const signed = await lastCheckpoint(orm);
    this.#head = stored ?? NOTHING;
    this.#signed = signed;
    const last = furthest(trusted, signed && checker.check(signed.body, signed.signature) ? signed : undefined);
    // The table ends before what was signed: the chain goes on behind the gap, so that the gap is seen for ever.
    if (last && last.seq > this.#head.seq) {
      const missing = { from: this.#head.seq + 1, to: last.seq };
      log.error(missing, "audit rows are missing at the end: an older database, or somebody removed them");
      this.#head = { seq: last.seq, hash: last.hash, at: this.#head.at };
      await this.append([this.#own("audit.rows_missing", missing)]);
    }
    if (!stored && !last) await this.#begin();
  }

  /** The first start with a chain: what was written before is taken in as it is now, all or nothing. */
  async #begin(): Promise<void> {
    const adopted = await this.#parts.orm.transaction(async (transaction) => {
      await lockChain(transaction);
      this.#head = (await lastRow(transaction)) ?? NOTHING;
      if (this.#head.seq > 0) return 0;
      await allowMaintenance(transaction);
      let rows = 0;
      for (let some = -1; some !== 0; rows += some) some = await this.#adopt(transaction);
      return rows;
    });
    if (this.#head.seq === adopted)
      await this.append([this.#own("audit.begun", adopted > 0 ? { adopted } : undefined)]);
  }

  async #adopt(transaction: Transaction): Promise<number> {
    const found = await unchained(transaction, ADOPT_BATCH);
    let { seq, hash, at } = this.#head;
    for (const { id, draft } of found) {
      seq++;
      const row = chained(draft, seq, hash, this.#parts.macKey);
      hash = row.hash;
      at = row.at;
      const place = { seq, hash, mac: row.mac };
      await transaction.update(auditEntries).set(place).where(eq(auditEntries.id, id));
    }
    this.#head = { seq, hash, at };
    return found.length;
  }

  /** Rows to add first because the table is not as it was left. Sets the head to continue from. */
  #agree(stored: Head | undefined, at: Date | undefined): AuditDraft[] {
    const head = this.#head;
    if (stored && stored.seq > head.seq) {
      // Another server on this database.
      this.#head = stored;
      return [];
    }
    if (head.seq === 0 || (stored && stored.seq === head.seq && sameBytes(stored.hash, head.hash))) return [];
    const facts = { expected: head.seq, found: stored?.seq ?? 0 };
    this.#parts.log.error(facts, "the end of the audit chain was changed in the database");
    return [this.#own("audit.tamper_found", facts, at)];
  }

  /** A clock that went back is said before the row that shows it. */
  #withClock(draft: AuditDraft, before: Date): AuditDraft[] {
    const backMs = before.getTime() - draft.at.getTime();
    if (backMs <= CLOCK_TOLERANCE_MS) return [draft];
    this.#parts.log.warn({ backMs }, "the clock was set back");
    return [draftOf({ action: "system.clock_back", via: "system", details: { backMs } }, draft.at), draft];
  }

  #own(action: string, details?: Record<string, unknown>, at?: Date): AuditDraft {
    return draftOf({ action, via: "system", details }, at ?? toDate(this.#parts.clock.utcMicros()));
  }
}

/** Where a signed statement says that the chain had come to. */
function furthest(...checkpoints: (Checkpoint | undefined)[]): { seq: number; hash: Uint8Array } | undefined {
  let found: { seq: number; hash: Uint8Array } | undefined;
  for (const checkpoint of checkpoints) {
    const body = checkpoint && parseBody(checkpoint.body);
    if (!body || (found && found.seq >= body.seq)) continue;
    found = { seq: body.seq, hash: new Uint8Array(Buffer.from(body.hash, "hex")) };
  }
  return found;
}

function nextNumber(
  stored: Checkpoint | undefined,
  remembered: Checkpoint | undefined,
): { number: number; previous: string } {
  // The table's last one was removed: the gap is to be seen.
  const last = stored && (!remembered || stored.number >= remembered.number) ? stored : remembered;
  if (!last) return { number: 1, previous: NO_PREVIOUS };
  return { number: last.number + 1, previous: sha256Hex(last.body) };
}

/** For a caller that must not go on without its row. */
export function unavailable(cause?: unknown): FluxError {
  return new FluxError("audit.unavailable", "the audit trail cannot be written now, so this is not done", { cause });
}
