import type { Clock } from "../../shared/lib/clock.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { toDate } from "../db/time.ts";
import type { Anchor, AnchorFile } from "./anchor.ts";
import type { Audit } from "./audit.ts";
import { ChainCheck, type ChainReport } from "./chain-check.ts";
import { type CheckpointSigner, parseBody, SignatureChecker } from "./checkpoint.ts";
import type { AuditEntry } from "./row.ts";
import { allCheckpoints, countUnchained, lastRow, rowsFrom } from "./store.ts";

export interface CheckParts {
  readonly orm: Orm;
  readonly signer: Pick<CheckpointSigner, "publicJwk">;
  readonly macKey: Uint8Array | undefined;
  readonly anchor: AnchorFile;
}

/** Told after each page; false: enough. */
export type Progress = (done: number, total: number) => boolean;

/** Checks the chain in the database against its signatures, the anchor file and anchors that somebody kept elsewhere. */
export async function checkDatabase(
  parts: CheckParts,
  anchors: readonly Anchor[] = [],
  progress: Progress = () => true,
): Promise<ChainReport> {
  const first = await checkOnce(parts, anchors, progress);
  if (first.ok) return first;
  // Retention may have taken out rows meanwhile.
  const second = await checkOnce(parts, anchors, progress);
  return second.prunedSeq === first.prunedSeq ? first : second;
}

async function checkOnce(
  { orm, signer, macKey, anchor }: CheckParts,
  anchors: readonly Anchor[],
  progress: Progress,
): Promise<ChainReport> {
  const checker = new SignatureChecker(signer.publicJwk);
  // In this order: rows that are added meanwhile are not looked at, and none is missed that something refers to.
  const remembered = await anchor.read();
  const body = remembered && parseBody(remembered.body);
  const genuine = remembered !== undefined && checker.check(remembered.body, remembered.signature);
  const own: Anchor[] = body && genuine ? [{ seq: body.seq, hash: body.hash, number: body.number }] : [];
  const checkpoints = await allCheckpoints(orm);
  const end = (await lastRow(orm))?.seq ?? 0;
  const check = new ChainCheck({
    checkpoints: remembered && !genuine ? [...checkpoints, remembered] : checkpoints,
    checkSignature: (text, signature) => checker.check(text, signature),
    macKey,
    anchors: [...own, ...anchors],
  });
  let done = 0;
  for await (const rows of rowsFrom(orm, 0, end)) {
    for (const row of rows) check.push(row);
    done += rows.length;
    if (!progress(done, end)) throw new FluxError("audit.verify_stopped", "the check was stopped");
  }
  return check.end(await countUnchained(orm));
}

export interface VerificationState {
  readonly running: boolean;
  readonly done: number;
  readonly total: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly by: string | null;
  /** Why the last one could not be finished. */
  readonly failed: string | null;
  readonly report: ChainReport | null;
}

export interface VerificationParts extends CheckParts {
  readonly clock: Clock;
  readonly audit: Audit;
}

/** Checks in the background, one at a time; the last result stays until the next one or a restart. */
export class Verification {
  readonly #parts: VerificationParts;
  #running: Promise<void> | undefined;
  #stopped = false;
  #state: VerificationState = {
    running: false,
    done: 0,
    total: 0,
    startedAt: null,
    finishedAt: null,
    by: null,
    failed: null,
    report: null,
  };

  constructor(parts: VerificationParts) {
    this.#parts = parts;
  }

  get state(): VerificationState {
    return this.#state;
  }

  /** A check that runs already is not begun anew. */
  start(actor: Pick<AuditEntry, "actorId" | "actorName" | "ip">, anchors: readonly Anchor[] = []): void {
    if (this.#running || this.#stopped) return;
    const nothing = { done: 0, total: 0, finishedAt: null, failed: null, report: null };
    this.#state = { running: true, startedAt: this.#now(), by: actor.actorName ?? null, ...nothing };
    this.#running = this.#run(actor, anchors).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when no check is running. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(actor: Pick<AuditEntry, "actorId" | "actorName" | "ip">, anchors: readonly Anchor[]): Promise<void> {
    const { audit } = this.#parts;
    const progress: Progress = (done, total) => {
      this.#state = { ...this.#state, done, total };
      return !this.#stopped;
    };
    let outcome: { report: ChainReport } | { failed: string };
    try {
      await audit.flush();
      outcome = { report: await checkDatabase(this.#parts, anchors, progress) };
    } catch (error) {
      outcome = { failed: describeError(error) };
    }
    this.#state = { ...this.#state, ...outcome, running: false, finishedAt: this.#now() };
    if (!("report" in outcome)) return;
    const { ok, rows, lastSeq, findings, more } = outcome.report;
    const details = { rows, lastSeq, findings: findings.length + more, first: findings[0] };
    await audit.add({ ...actor, action: "audit.verify", outcome: ok ? "ok" : "failed", details });
  }

  #now(): string {
    return toDate(this.#parts.clock.utcMicros()).toISOString();
  }
}
