import { randomUUID } from "node:crypto";
import { and, desc, eq, inArray, isNull } from "drizzle-orm";
import type { z } from "zod";
import type { EvidenceCase, EvidenceLock, evidenceLockBody } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { lockHolds } from "../archive/locks.ts";
import { camerasFor, can, type Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { evidenceLocks } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { checkRange } from "./footage-range.ts";

export type LockInput = z.infer<typeof evidenceLockBody>;
type Row = typeof evidenceLocks.$inferSelect;

const MAX_LISTED = 1000;

/** Footage kept whatever retention says. Retention reads the same table; a released lock's row stays. */
export class LockService {
  readonly #orm: Orm;
  readonly #clock: Clock;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** Newest first. `active`: only those that hold now. `caseId`: only those of that case. */
  async list(principal: Principal, active: boolean, caseId?: string): Promise<EvidenceLock[]> {
    const visible = camerasFor(principal, "archive.view");
    const rows = await this.#orm
      .select()
      .from(evidenceLocks)
      .where(
        and(
          visible === undefined ? undefined : inArray(evidenceLocks.cameraId, [...visible]),
          caseId === undefined ? undefined : eq(evidenceLocks.caseId, caseId),
          active ? lockHolds(this.#clock.utcMicros()) : undefined,
        ),
      )
      .orderBy(desc(evidenceLocks.createdAt), desc(evidenceLocks.id))
      .limit(MAX_LISTED);
    return rows.filter((row) => can(principal, "archive.view", row.cameraId)).map(toBody);
  }

  /** Throws `camera.not_found`, `evidence.bad_range`, `evidence.expired`. */
  async create(principal: Principal, input: LockInput): Promise<EvidenceLock> {
    const [made] = await this.#insert(principal, [input], null);
    if (!made) throw new FluxError("evidence.bad_range", "there is nothing to lock");
    return made;
  }

  /**
   * Locks every range of a case that its own locks do not hold already until then: all or none.
   * Throws as `create`; a field names the range at fault.
   */
  async createForCase(
    principal: Principal,
    { id, items }: Pick<EvidenceCase, "id" | "items">,
    input: Pick<LockInput, "reason" | "expiresAt">,
  ): Promise<EvidenceLock[]> {
    const held = await this.#orm
      .select()
      .from(evidenceLocks)
      .where(and(eq(evidenceLocks.caseId, id), isNull(evidenceLocks.releasedAt)));
    const until = (time: Date | null): number => time?.getTime() ?? Number.POSITIVE_INFINITY;
    const wanted = until(input.expiresAt === null ? null : new Date(input.expiresAt));
    const open = items.filter(
      ({ cameraId, startMicros, endMicros }) =>
        !held.some(
          (lock) =>
            lock.cameraId === cameraId &&
            lock.startMicros <= startMicros &&
            lock.endMicros >= endMicros &&
            until(lock.expiresAt) >= wanted,
        ),
    );
    const inputs = open.map(({ cameraId, startMicros, endMicros }) => ({ ...input, cameraId, startMicros, endMicros }));
    return await this.#insert(principal, inputs, id);
  }

  async #insert(principal: Principal, inputs: readonly LockInput[], caseId: string | null): Promise<EvidenceLock[]> {
    const now = toDate(this.#clock.utcMicros());
    const rows = inputs.map((input, index): Row => {
      checkRange(principal, "evidence.manage", input, inputs.length > 1 ? `items.${index}.` : "");
      const expiresAt = input.expiresAt === null ? null : new Date(input.expiresAt);
      if (expiresAt && expiresAt <= now) {
        throw new FluxError("evidence.expired", "the lock would have ended already", { field: "expiresAt" });
      }
      const by = { createdBy: principal.userId, createdByName: principal.username, createdAt: now };
      const open = { releasedAt: null, releasedByName: null, releaseReason: null };
      return { ...input, expiresAt, id: randomUUID(), ...by, ...open, caseId };
    });
    if (rows.length > 0) await this.#orm.insert(evidenceLocks).values(rows);
    return rows.map(toBody);
  }

  /** By who set it, or a supervisor. Idempotent. Throws `evidence.lock_not_found`, `auth.forbidden`. */
  async release(principal: Principal, id: string, reason?: string): Promise<EvidenceLock> {
    const [row] = await this.#orm.select().from(evidenceLocks).where(eq(evidenceLocks.id, id));
    if (!row || !can(principal, "archive.view", row.cameraId)) {
      throw new FluxError("evidence.lock_not_found", "there is no such lock");
    }
    const own = row.createdBy === principal.userId && can(principal, "evidence.manage", row.cameraId);
    if (!own && !can(principal, "evidence.supervise", row.cameraId)) {
      throw new FluxError("auth.forbidden", "this lock was set by someone else");
    }
    if (row.releasedAt) return toBody(row);
    const [released] = await this.#orm
      .update(evidenceLocks)
      .set({
        releasedAt: toDate(this.#clock.utcMicros()),
        releasedByName: principal.username,
        releaseReason: reason ?? null,
      })
      .where(eq(evidenceLocks.id, id))
      .returning();
    return toBody(released ?? row);
  }
}

function toBody(row: Row): EvidenceLock {
  const { id, cameraId, startMicros, endMicros, reason, createdByName, releasedByName, releaseReason, caseId } = row;
  return {
    id,
    cameraId,
    startMicros,
    endMicros,
    reason,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    createdByName,
    createdAt: row.createdAt.toISOString(),
    releasedAt: row.releasedAt?.toISOString() ?? null,
    releasedByName,
    releaseReason,
    caseId,
  };
}
