import { randomUUID } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { eq } from "drizzle-orm";
import type { ExportJob, ExportSpec } from "../../shared/api/recording.ts";
import { fingerprint, type PublicJwk } from "../../shared/evidence/signature.ts";
import { describeError, errorCode, FluxError } from "../../shared/lib/errors.ts";
import { can, type Principal } from "../auth/policy.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { ExportRunner, type RunnerParts, secretContext } from "./export-runner.ts";
import type { JobRow } from "./export-store.ts";
import { loadSigningKey } from "./signing-key.ts";
import { requireFfmpeg } from "./watermark.ts";

export interface ExportParts extends Omit<RunnerParts, "signing" | "serverId" | "mayGoOn"> {
  /** Throws `case.not_found`, also for a case of cameras that are not the caller's: a package tells what it is called. */
  readonly requireCase: (principal: Principal, caseId: string) => Promise<unknown>;
  /** What a user may do now; undefined: the account is gone or disabled. */
  readonly principalOfUser: (userId: string) => Promise<Principal | undefined>;
  /** What a token or a device may do now. Throws `auth.session_ended` once it is revoked or over. */
  readonly principalOfCredential: (id: string) => Promise<Principal>;
}

const MAX_WAITING = 100;
const MAX_SPAN_MICROS = 366 * 86_400 * 1_000_000;
const SERVER_ID = "server.id";
const PROBE_MS = 10_000;

/** Exports for people: who may ask for which, see which, and take which away. */
export class ExportService {
  readonly #runner: ExportRunner;
  readonly #parts: ExportParts;
  readonly #publicJwk: PublicJwk;

  private constructor(parts: ExportParts, runner: ExportRunner, publicJwk: PublicJwk) {
    this.#parts = parts;
    this.#runner = runner;
    this.#publicJwk = publicJwk;
  }

  /** Loads or makes the signing key. Nothing runs before `start`. */
  static async open(parts: ExportParts): Promise<ExportService> {
    const signing = await loadSigningKey(parts.orm, parts.sealer, parts.clock);
    const mayGoOn = (job: JobRow): Promise<void> => requireMaker(parts, job);
    const runner = new ExportRunner({ ...parts, signing, serverId: await serverId(parts), mayGoOn });
    return new ExportService(parts, runner, signing.publicJwk);
  }

  /** Goes on with the queue. Needs to know the cameras: packages name them, and places decide who may have them. */
  start(): Promise<void> {
    return this.#runner.start();
  }

  /** What people compare with the key that a verifier shows. */
  get signingKey(): { readonly fingerprint: string; readonly jwk: PublicJwk } {
    return { fingerprint: fingerprint(this.#publicJwk), jwk: this.#publicJwk };
  }

  /** Throws `camera.not_found`, `export.bad_range`, `export.no_passphrase`, `export.bad_spec`, `export.too_many`, `export.ffmpeg_missing`, `case.not_found`. */
  async create(principal: Principal, spec: ExportSpec): Promise<ExportJob> {
    this.#check(principal, spec);
    if (spec.caseId !== undefined) await this.#requireCase(principal, spec.caseId);
    if (spec.watermark) await canMark();
    const waiting = await this.#runner.store.withState(["queued", "running"]);
    if (waiting.length >= MAX_WAITING) throw new FluxError("export.too_many", "too many exports wait already");
    const id = randomUUID();
    const { passphrase, ...rest } = spec;
    const sealed =
      passphrase === undefined ? {} : { passphrase: this.#parts.sealer.seal(secretContext(id), passphrase) };
    const none = { errorCode: null, errorMessage: null, fileName: null, bytes: null, sha256: null };
    const row: JobRow = {
      id,
      state: "queued",
      // A person's own session may end; a token that is taken back ends what it asked for.
      spec: { ...rest, ...sealed, ...(principal.limit && { actingAs: principal.sessionId }) },
      title: spec.title,
      progress: 0,
      ...none,
      createdBy: principal.userId,
      createdByName: principal.username,
      createdAt: toDate(this.#parts.clock.utcMicros()),
      startedAt: null,
      finishedAt: null,
      expiresAt: null,
    };
    await this.#runner.store.insert(row);
    this.#runner.wake();
    return this.get(principal, id);
  }

  /** Newest first; only those all of whose cameras the caller may export. */
  async list(principal: Principal): Promise<ExportJob[]> {
    const [rows, queue] = await Promise.all([this.#runner.store.list(), this.#queue()]);
    return rows.filter((row) => mayExport(principal, row)).map((row) => this.#body(row, queue));
  }

  /** Throws `export.not_found`. */
  async get(principal: Principal, id: string): Promise<ExportJob> {
    const row = await this.#require(principal, id);
    return this.#body(row, await this.#queue());
  }

  /** Cancels what waits or runs; removes what has ended, with its package. Throws `export.not_found`, `export.busy`, `auth.forbidden`. */
  async remove(principal: Principal, id: string): Promise<"cancelled" | "removed"> {
    const row = await this.#require(principal, id);
    if (row.createdBy !== principal.userId && !supervises(principal, row)) {
      throw new FluxError("auth.forbidden", "this export belongs to someone else");
    }
    if ((row.state === "queued" || row.state === "running") && (await this.#runner.cancel(id))) return "cancelled";
    const now = await this.#require(principal, id);
    if (now.state === "queued" || now.state === "running") throw new FluxError("export.busy", "try again shortly");
    if (now.fileName !== null) await rm(this.#runner.path(now.fileName), { force: true });
    await this.#runner.store.remove(id);
    return "removed";
  }

  /** The finished package. Throws `export.not_found`, `export.not_ready`, `export.expired`, `auth.forbidden`. */
  async package(
    principal: Principal,
    id: string,
  ): Promise<{ path: string; fileName: string; bytes: number; sha256: string }> {
    const row = await this.#require(principal, id);
    const { state, fileName, sha256, spec } = row;
    // Whoever may no longer hear or see a camera gets no package of it either.
    for (const { cameraId } of spec.items) mustShow(principal, spec, cameraId);
    if (state === "expired") throw new FluxError("export.expired", "the package is gone: make it again");
    if (state !== "done" || fileName === null || sha256 === null) {
      throw new FluxError("export.not_ready", "the package is not finished");
    }
    const path = this.#runner.path(fileName);
    try {
      const { size } = await stat(path);
      return { path, fileName, bytes: size, sha256 };
    } catch (cause) {
      throw new FluxError("export.expired", "the package is gone: make it again", { cause });
    }
  }

  /** Resolves when nothing is queued or running. For tests. */
  idle(): Promise<void> {
    return this.#runner.idle();
  }

  close(): Promise<void> {
    return this.#runner.close();
  }

  #check(principal: Principal, spec: ExportSpec): void {
    for (const [index, { cameraId, startMicros, endMicros }] of spec.items.entries()) {
      // The same answer for a camera that does not exist and one that may not be exported.
      if (!can(principal, "archive.export", cameraId) || !can(principal, "archive.view", cameraId)) {
        throw new FluxError("camera.not_found", "there is no such camera", { field: `items.${index}.cameraId` });
      }
      mustShow(principal, spec, cameraId);
      const span = endMicros - startMicros;
      if (span <= 0 || span > MAX_SPAN_MICROS) {
        const message = span <= 0 ? "the end must lie after the start" : "a range covers at most a year";
        throw new FluxError("export.bad_range", message, { field: `items.${index}.endMicros` });
      }
    }
    const sealed = spec.format === "sealed";
    if (sealed && spec.passphrase === undefined) {
      throw new FluxError("export.no_passphrase", "a sealed package needs a passphrase", { field: "passphrase" });
    }
    if (!sealed && spec.passphrase !== undefined) {
      throw new FluxError("export.bad_spec", "only a sealed package has a passphrase", { field: "passphrase" });
    }
    if (sealed && spec.watermark) {
      throw new FluxError("export.bad_spec", "a sealed package cannot be marked: it is not opened", {
        field: "watermark",
      });
    }
  }

  async #requireCase(principal: Principal, caseId: string): Promise<void> {
    try {
      await this.#parts.requireCase(principal, caseId);
    } catch (cause) {
      if (errorCode(cause) !== "case.not_found") throw cause;
      throw new FluxError("case.not_found", "there is no such case", { cause, field: "caseId" });
    }
  }

  async #require(principal: Principal, id: string): Promise<JobRow> {
    const row = await this.#runner.store.get(id);
    if (!row || !mayExport(principal, row)) throw new FluxError("export.not_found", "there is no such export");
    return row;
  }

  async #queue(): Promise<readonly string[]> {
    return (await this.#runner.store.queued()).map(({ id }) => id);
  }

  #body(row: JobRow, queue: readonly string[]): ExportJob {
    const { id, state, title, spec, errorCode, errorMessage, fileName, bytes, sha256, createdByName } = row;
    const place = state === "queued" ? queue.indexOf(id) + 1 : 0;
    const failed = state === "failed";
    return {
      id,
      state,
      title,
      format: spec.format,
      items: spec.items.length,
      caseId: spec.caseId ?? null,
      progress: state === "running" ? (this.#runner.progress(id) ?? 0) : row.progress / 1000,
      queuePosition: place > 0 ? place : null,
      errorCode: failed ? errorCode : null,
      errorMessage: failed ? errorMessage : null,
      fileName,
      bytes,
      sha256,
      createdByName,
      createdAt: row.createdAt.toISOString(),
      finishedAt: row.finishedAt?.toISOString() ?? null,
      expiresAt: row.expiresAt?.toISOString() ?? null,
    };
  }
}

/** A job outlives the request for it: rights that were taken since end it. Throws `export.right_lost`. */
async function requireMaker(parts: ExportParts, job: JobRow): Promise<void> {
  const maker = await makerOf(parts, job);
  if (maker && mayExport(maker, job) && job.spec.items.every(({ cameraId }) => shows(maker, job.spec, cameraId)))
    return;
  throw new FluxError("export.right_lost", "whoever asked for this export may no longer have all of its footage");
}

async function makerOf(parts: ExportParts, { createdBy, spec }: JobRow): Promise<Principal | undefined> {
  if (createdBy === null) return undefined;
  if (spec.actingAs === undefined) return parts.principalOfUser(createdBy);
  try {
    return await parts.principalOfCredential(spec.actingAs);
  } catch (error) {
    if (errorCode(error) === "auth.session_ended") return undefined;
    throw error;
  }
}

function shows(principal: Principal, spec: ExportSpec, cameraId: string): boolean {
  return can(principal, "archive.view", cameraId) && (!hasSound(spec) || can(principal, "audio.hear", cameraId));
}

/** A sealed package holds segments as they are, sound included. */
function hasSound({ audio, format }: ExportSpec): boolean {
  return audio || format === "sealed";
}

/** Throws `auth.forbidden` where the package of a camera shows more than the caller may see and hear. */
function mustShow(principal: Principal, spec: ExportSpec, cameraId: string): void {
  if (!can(principal, "archive.view", cameraId)) {
    throw new FluxError("auth.forbidden", "not permitted to see this camera's recordings");
  }
  if (!shows(principal, spec, cameraId)) {
    throw new FluxError("auth.forbidden", "not permitted to hear this camera", { field: "audio" });
  }
}

function mayExport(principal: Principal, { spec }: JobRow): boolean {
  return spec.items.every(({ cameraId }) => can(principal, "archive.export", cameraId));
}

function supervises(principal: Principal, { spec }: JobRow): boolean {
  return spec.items.every(({ cameraId }) => can(principal, "evidence.supervise", cameraId));
}

/** Who asks for a mark hears at once that the server cannot make it, not when his turn in the queue has come. */
async function canMark(): Promise<void> {
  try {
    await requireFfmpeg(AbortSignal.timeout(PROBE_MS));
  } catch (error) {
    if (errorCode(error) !== "export.ffmpeg_missing") return;
    throw new FluxError("export.ffmpeg_missing", describeError(error), { cause: error, field: "watermark" });
  }
}

/** Names this server in manifests; made once. */
async function serverId({ orm, clock }: ExportParts): Promise<string> {
  const updatedAt = toDate(clock.utcMicros());
  await orm.insert(settings).values({ name: SERVER_ID, value: randomUUID(), updatedAt }).onConflictDoNothing();
  const [row] = await orm.select().from(settings).where(eq(settings.name, SERVER_ID));
  if (!row) throw new Error("the server's id could not be stored");
  return row.value;
}
