import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ExportSpec } from "../../shared/api/recording.ts";
import { sign } from "../../shared/evidence/signature.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";
import type { ReadSegment } from "../archive/archive-reader.ts";
import type { Logger } from "../core/log.ts";
import { toDate } from "../db/time.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import type { KeyService } from "../keys/key-service.ts";
import type { Thread } from "../media/thread.ts";
import { type OrderSources, orderCase, orderItems } from "./export-order.ts";
import { ExportStore, type JobRow } from "./export-store.ts";
import { JobEnds } from "./job-ends.ts";
import { safeName, stamp } from "./names.ts";
import type { ExportAnswer, ExportOrder, ExportQuestion, FromExport, ToExport } from "./protocol.ts";
import type { SigningKey } from "./signing-key.ts";

export type ExportThread = Thread<ToExport, FromExport>;

export interface RunnerParts extends OrderSources {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where packages lie. */
  readonly folder: string;
  readonly sealer: FieldSealer;
  readonly keys: Pick<KeyService, "epochKey">;
  readonly signing: SigningKey;
  readonly serverId: string;
  readonly version: string;
  readonly readSegment: ReadSegment;
  readonly startThread: (order: ExportOrder) => ExportThread;
  /** Throws `export.right_lost` once whoever asked may no longer have the footage; anything else: it cannot be said now. */
  readonly mayGoOn: (job: JobRow) => Promise<void>;
  /** Exports at a time; default 1. */
  readonly concurrency?: number;
  /** Finished packages are kept so long; default 7 days. */
  readonly keepDays?: number;
}

interface Running {
  readonly thread: ExportThread;
  readonly ended: Promise<void>;
  permille: number;
  cancelled: boolean;
  /** The thread is gone: nobody waits for an answer. */
  over: boolean;
}

const KEEP_DAYS = 7;
const LOOK_EVERY_MS = millis(10 * 60_000);
/** After this a thread that was asked to end is ended. */
const CANCEL_MS = millis(5000);
/** A job that took the server down with it so often is not tried again. */
const MAX_INTERRUPTIONS = 3;
const RIGHT_LOST = "export.right_lost";
const INTERRUPTED = "export.interrupted";

/** Runs export jobs from the queue in the database, one at a time, each in a thread of its own. */
export class ExportRunner {
  readonly store: ExportStore;
  readonly #parts: RunnerParts;
  readonly #ends: JobEnds;
  readonly #running = new Map<string, Running>();
  #timer: Timer | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  #pumping: Promise<void> | undefined;
  #again = false;
  #started = false;
  #closed = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.store = new ExportStore(parts.orm);
    this.#ends = new JobEnds(this.store, parts.clock, parts.log);
  }

  /** Puts jobs that a stop cut off back into the queue, removes what they left, and begins. */
  async start(): Promise<void> {
    const { folder, clock } = this.#parts;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const job of await this.store.withState(["running"])) await this.#requeue(job);
    await this.#removeLeftovers();
    await this.#expire();
    this.#started = true;
    this.#timer = clock.every(LOOK_EVERY_MS, () => {
      void this.#expire().catch(this.#logged("expiry of packages"));
      // Where the database was away when a job ended or came.
      void this.#ends.retry();
      this.wake();
    });
    this.wake();
  }

  /** 0 to 1, of a running job. */
  progress(id: string): number | undefined {
    const running = this.#running.get(id);
    return running && running.permille / 1000;
  }

  /** Looks at the queue. What comes before the start waits for it. */
  wake(): void {
    if (!this.#started) return;
    this.#again = true;
    this.#pumping ??= this.#pump()
      .then(
        () => {
          this.#failures = 0;
        },
        (error: unknown) => {
          this.#logged("the export queue")(error);
          this.#retry?.cancel();
          if (!this.#closed) this.#retry = this.#parts.clock.after(patience(this.#failures++), () => this.wake());
        },
      )
      .finally(() => {
        this.#pumping = undefined;
      });
  }

  /** Resolves when the job has stopped and left nothing. False: it had ended already. */
  async cancel(id: string): Promise<boolean> {
    // A job that is just beginning is not among the running ones yet.
    await this.#pumping;
    const finishedAt = toDate(this.#parts.clock.utcMicros());
    const running = this.#running.get(id);
    if (!running) {
      // One that has ended says so first.
      await this.#ends.retry();
      const row = await this.store.get(id);
      if (!row || this.#ends.has(id)) return false;
      const set = { state: "cancelled" as const, finishedAt, spec: withoutSecret(row.spec) };
      if (await this.store.move(id, ["queued"], set)) return true;
      // It may have begun while the database was asked.
      await this.#pumping;
      if (this.#running.has(id)) return this.cancel(id);
      if (this.#ends.has(id)) return false;
      // One that runs by its row alone belongs to nobody.
      return this.store.move(id, ["running"], set);
    }
    running.cancelled = true;
    await this.#stop(running);
    return true;
  }

  path(fileName: string): string {
    return join(this.#parts.folder, fileName);
  }

  /** Resolves when nothing is queued or running. For tests. */
  async idle(): Promise<void> {
    while (this.#pumping || this.#running.size > 0) {
      await this.#pumping;
      await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    }
  }

  /** Stops running jobs; they begin anew with the next start. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#pumping;
    this.#retry?.cancel();
    await Promise.all([...this.#running.values()].map((running) => this.#stop(running)));
    await this.#ends.close();
  }

  async #pump(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      for (const job of await this.store.queued()) {
        if (this.#closed || this.#running.size >= (this.#parts.concurrency ?? 1)) break;
        await this.#begin(job);
      }
    }
  }

  async #begin(job: JobRow): Promise<void> {
    // Where it cannot be said the job stays in the queue.
    const refusal = await this.#refusal(job);
    const startedAt = toDate(this.#parts.clock.utcMicros());
    if (!(await this.store.move(job.id, ["queued"], { state: "running", startedAt, progress: 0 }))) return;
    try {
      if (refusal) throw refusal;
      const order = await this.#order(job);
      const thread = this.#parts.startThread(order);
      const running: Running = { thread, permille: 0, cancelled: false, over: false, ended: Promise.resolve() };
      const ended = this.#follow(job, order, running)
        .catch(this.#logged("the end of an export"))
        .finally(() => {
          this.#running.delete(job.id);
          this.wake();
        });
      this.#running.set(job.id, Object.assign(running, { ended }));
    } catch (error) {
      await this.#fail(job, errorCode(error) ?? "export.failed", error);
    }
  }

  async #order(job: JobRow): Promise<ExportOrder> {
    const { sealer, serverId, version, signing } = this.#parts;
    const { spec } = job;
    const passphrase = spec.passphrase === undefined ? undefined : sealer.open(secretContext(job.id), spec.passphrase);
    return {
      jobId: job.id,
      workFolder: this.path(`${job.id}.part`),
      packagePath: this.path(packageName(job)),
      title: spec.title,
      format: spec.format,
      audio: spec.audio,
      watermark: spec.watermark ? job.createdByName : undefined,
      passphrase,
      reason: spec.reason,
      case: await orderCase(this.#parts.orm, spec.caseId),
      exporterName: job.createdByName,
      serverId,
      productVersion: version,
      createdAt: toDate(this.#parts.clock.utcMicros()).toISOString(),
      signingKey: signing.publicJwk,
      items: await orderItems(this.#parts, spec),
    };
  }

  /** Talks with the thread until it is gone, then says in the database how it ended. */
  async #follow(job: JobRow, order: ExportOrder, running: Running): Promise<void> {
    const { thread } = running;
    let outcome: Extract<FromExport, { type: "done" | "failed" }> | undefined;
    let failure: unknown;
    await new Promise<void>((resolve) => {
      thread.onMessage((message) => {
        if (message.type === "ask") void this.#answer(job, running, message.id, message.question);
        else if (message.type === "progress") running.permille = message.permille;
        else outcome = message;
      });
      thread.onExit((error) => {
        failure = error;
        running.over = true;
        resolve();
      });
    });
    const done = outcome?.type === "done" && !running.cancelled ? outcome : undefined;
    if (!done) {
      const left = this.#logged("the removal of what an export left");
      await rm(order.packagePath, { force: true }).catch(left);
      await rm(order.workFolder, { recursive: true, force: true }).catch(left);
    }
    const now = this.#parts.clock.utcMicros();
    const finishedAt = toDate(now);
    if (running.cancelled) {
      await this.#ends.write(job.id, { state: "cancelled", finishedAt, spec: withoutSecret(job.spec) });
    } else if (done) {
      const keepMicros = (this.#parts.keepDays ?? KEEP_DAYS) * 86_400_000_000;
      const { bytes, sha256 } = done;
      await this.#ends.write(job.id, {
        ...{ state: "done", progress: 1000, bytes, sha256, fileName: packageName(job), finishedAt },
        ...{ expiresAt: new Date((now + keepMicros) / 1000), spec: withoutSecret(job.spec) },
        ...{ errorCode: null, errorMessage: null },
      });
    } else if (this.#closed) {
      await this.#ends.write(job.id, { state: "queued", progress: 0 });
    } else if (outcome?.type === "failed") await this.#fail(job, outcome.code, new Error(outcome.message));
    else await this.#fail(job, "export.failed", failure);
  }

  /** Why the job may not go on; undefined: it may. Throws where that cannot be said. */
  async #refusal(job: JobRow): Promise<unknown> {
    try {
      await this.#parts.mayGoOn(job);
      return undefined;
    } catch (error) {
      if (errorCode(error) !== RIGHT_LOST) throw error;
      return error;
    }
  }

  /** As `mayGoOn`, waiting while the database is away. */
  async #requireRight(job: JobRow, running: Running): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#parts.mayGoOn(job);
      } catch (error) {
        if (errorCode(error) === RIGHT_LOST || running.over || running.cancelled || this.#closed) throw error;
        this.#logged("the question whether an export may go on")(error);
        await delay(this.#parts.clock, patience(failures));
      }
    }
  }

  async #answer(job: JobRow, running: Running, id: number, question: ExportQuestion): Promise<void> {
    const { thread } = running;
    try {
      // Every few minutes of footage need another key, and no package is whole without a signature.
      if (question.kind !== "object") await this.#requireRight(job, running);
      thread.post({ type: "answer", id, answer: await this.#ask(question) });
    } catch (error) {
      thread.post({ type: "refused", id, code: errorCode(error) ?? "export.failed", message: describeError(error) });
    }
  }

  async #ask(question: ExportQuestion): Promise<ExportAnswer> {
    const { keys, signing, readSegment } = this.#parts;
    switch (question.kind) {
      case "key": {
        const { cameraId, keyId, generation, epoch } = question.name;
        return keys.epochKey(cameraId, keyId, generation, epoch);
      }
      case "sign":
        return sign(signing.privateJwk, question.bytes);
      case "object":
        return readSegment(question.segmentId, question.offset, question.length);
    }
  }

  async #stop({ thread, ended }: Running): Promise<void> {
    thread.post({ type: "cancel" });
    const late = this.#parts.clock.after(CANCEL_MS, () => void thread.terminate());
    await ended;
    late.cancel();
  }

  async #fail({ id, spec }: JobRow, code: string, error: unknown): Promise<void> {
    this.#parts.log.error({ err: error, export: id, code }, "an export failed");
    // What is no message for people may name paths.
    const forPeople = /^(export|keys)\./.test(code) && code !== "export.failed";
    const errorMessage = forPeople ? describeError(error) : "the export failed; the server's log says why";
    const finishedAt = toDate(this.#parts.clock.utcMicros());
    const set = { state: "failed" as const, errorCode: forPeople ? code : "export.failed", errorMessage, finishedAt };
    await this.#ends.write(id, { ...set, spec: withoutSecret(spec) });
  }

  async #requeue(job: JobRow): Promise<void> {
    const times = job.errorCode === INTERRUPTED ? Number(job.errorMessage) + 1 : 1;
    const again = { errorCode: INTERRUPTED, errorMessage: String(times) };
    if (times < MAX_INTERRUPTIONS) {
      await this.store.move(job.id, ["running"], { state: "queued", progress: 0, ...again });
      return;
    }
    const errorMessage = `the server stopped ${times} times while this export ran`;
    const finishedAt = toDate(this.#parts.clock.utcMicros());
    const set = { state: "failed" as const, errorCode: INTERRUPTED, errorMessage, finishedAt };
    await this.store.move(job.id, ["running"], { ...set, spec: withoutSecret(job.spec) });
  }

  /** Parts, and packages of no finished job. */
  async #removeLeftovers(): Promise<void> {
    const { folder } = this.#parts;
    const known = new Set((await this.store.withState(["done"])).map(({ fileName }) => fileName));
    for (const name of await readdir(folder)) {
      const ours = /^[0-9a-f-]{36}\.part$/.test(name) || name.endsWith(".zip");
      if (ours && !known.has(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }

  async #expire(): Promise<void> {
    for (const job of await this.store.expired(toDate(this.#parts.clock.utcMicros()))) {
      if (job.fileName !== null) await rm(this.path(job.fileName), { force: true });
      await this.store.move(job.id, ["done"], { state: "expired", fileName: null });
    }
  }

  #logged(what: string): (err: unknown) => void {
    return (err) => this.#parts.log.error({ err }, `${what} failed`);
  }
}

/** Before another try after so many failures. */
function patience(failures: number): Millis {
  return millis(Math.min(30_000, 500 * 2 ** Math.min(failures, 10)));
}

/** What the passphrase of a job is sealed for. */
export function secretContext(jobId: string): string {
  return `export_jobs.spec.passphrase|${jobId}`;
}

function withoutSecret({ passphrase: _, ...spec }: ExportSpec): ExportSpec {
  return spec;
}

function packageName({ id, title, createdAt }: JobRow): string {
  return `${safeName(title)}_${stamp(createdAt.getTime() * 1000)}_${id.slice(0, 8)}.zip`;
}
