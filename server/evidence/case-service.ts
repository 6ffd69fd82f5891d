import { randomUUID } from "node:crypto";
import { and, asc, desc, eq, inArray } from "drizzle-orm";
import type { z } from "zod";
import type { caseBody, EvidenceCase } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { can, canEverywhere, type Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { caseItems, cases } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { checkRange } from "./footage-range.ts";

export type CaseInput = z.infer<typeof caseBody>;
type Row = typeof cases.$inferSelect;
type ItemRow = typeof caseItems.$inferSelect;

const MAX_LISTED = 1000;
const MAX_NOTES = 1000;
const MAX_ITEMS = 500;

/**
 * Cases: several cameras and ranges with notes, exported together. Shared by those who manage evidence of one of its
 * cameras; a case of other cameras does not exist for them.
 */
export class CaseService {
  readonly #orm: Orm;
  readonly #clock: Clock;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** Open ones and closed ones, newest first. */
  async list(principal: Principal): Promise<EvidenceCase[]> {
    const rows = await this.#orm.select().from(cases).orderBy(desc(cases.createdAt), desc(cases.id)).limit(MAX_LISTED);
    const items = await this.#items(rows.map(({ id }) => id));
    return rows.flatMap((row) => {
      const own = items.get(row.id) ?? [];
      return mayWork(principal, row, own) ? [toBody(principal, row, own)] : [];
    });
  }

  /** Throws `case.not_found`. */
  async get(principal: Principal, id: string): Promise<EvidenceCase> {
    const { row, items } = await this.#require(principal, id);
    return toBody(principal, row, items);
  }

  /** Throws `camera.not_found`, `evidence.bad_range`. */
  async create(principal: Principal, input: CaseInput): Promise<EvidenceCase> {
    checkItems(principal, input);
    const now = toDate(this.#clock.utcMicros());
    const id = randomUUID();
    await this.#orm.transaction(async (transaction) => {
      const { title, reference } = input;
      const by = { createdBy: principal.userId, createdByName: principal.username };
      await transaction
        .insert(cases)
        .values({ id, title, reference, notes: [], ...by, createdAt: now, updatedAt: now });
      if (input.items.length > 0) await transaction.insert(caseItems).values(itemRows(id, input));
    });
    return this.get(principal, id);
  }

  /**
   * Replaces title, reference and items; items of cameras that the caller may not see stay as they are.
   * Throws `case.not_found`, `case.closed`, as `create`.
   */
  async update(principal: Principal, id: string, input: CaseInput): Promise<EvidenceCase> {
    checkItems(principal, input);
    await this.#require(principal, id);
    await this.#orm.transaction(async (transaction) => {
      const [row] = await transaction.select().from(cases).where(eq(cases.id, id)).for("update");
      if (!row) throw notFound();
      if (row.closedAt) throw new FluxError("case.closed", "the case is closed: open it again to change it");
      const { title, reference } = input;
      const updatedAt = toDate(this.#clock.utcMicros());
      await transaction.update(cases).set({ title, reference, updatedAt }).where(eq(cases.id, id));
      const before = await transaction.select().from(caseItems).where(eq(caseItems.caseId, id));
      const seen = before.filter((item) => can(principal, "archive.view", item.cameraId)).map((item) => item.id);
      if (seen.length > 0) await transaction.delete(caseItems).where(inArray(caseItems.id, seen));
      if (input.items.length > 0) await transaction.insert(caseItems).values(itemRows(id, input));
    });
    return this.get(principal, id);
  }

  /** Only what is given changes. Throws `case.not_found`, `case.closed`. */
  async rename(
    principal: Principal,
    id: string,
    change: { title?: string | undefined; reference?: string | undefined },
  ): Promise<EvidenceCase> {
    await this.#require(principal, id);
    await this.#changeOpen(id, async () => change);
    return this.get(principal, id);
  }

  /** Behind those that are there. Throws `case.not_found`, `case.closed`, `case.too_many_items`, as `create`. */
  async addItems(principal: Principal, id: string, items: CaseInput["items"]): Promise<EvidenceCase> {
    checkItems(principal, { items });
    await this.#require(principal, id);
    await this.#changeOpen(id, async (transaction) => {
      const before = await transaction.select().from(caseItems).where(eq(caseItems.caseId, id));
      if (before.length + items.length > MAX_ITEMS) {
        throw new FluxError("case.too_many_items", `a case has ${MAX_ITEMS} ranges at most`);
      }
      const first = Math.max(-1, ...before.map(({ position }) => position)) + 1;
      const rows = itemRows(id, { items }).map((row) => ({ ...row, position: row.position + first }));
      if (rows.length > 0) await transaction.insert(caseItems).values(rows);
      return {};
    });
    return this.get(principal, id);
  }

  /** Footage and locks stay. Throws `case.not_found`, `case.closed`, `case.item_not_found`. */
  async removeItem(principal: Principal, id: string, itemId: string): Promise<EvidenceCase> {
    await this.#require(principal, id);
    await this.#changeOpen(id, async (transaction) => {
      const [item] = await transaction
        .select()
        .from(caseItems)
        .where(and(eq(caseItems.caseId, id), eq(caseItems.id, itemId)));
      if (!item || !can(principal, "archive.view", item.cameraId)) {
        throw new FluxError("case.item_not_found", "there is no such range in the case");
      }
      await transaction.delete(caseItems).where(eq(caseItems.id, itemId));
      return {};
    });
    return this.get(principal, id);
  }

  /** The row is locked while `change` runs, so that two people who change a case at once lose nothing. */
  async #changeOpen(
    id: string,
    change: (transaction: Pick<Orm, "select" | "insert" | "delete">) => Promise<{
      title?: string | undefined;
      reference?: string | undefined;
    }>,
  ): Promise<void> {
    await this.#orm.transaction(async (transaction) => {
      const [row] = await transaction.select().from(cases).where(eq(cases.id, id)).for("update");
      if (!row) throw notFound();
      if (row.closedAt) throw new FluxError("case.closed", "the case is closed: open it again to change it");
      const { title, reference } = await change(transaction);
      await transaction
        .update(cases)
        .set({
          ...(title === undefined ? {} : { title }),
          ...(reference === undefined ? {} : { reference }),
          updatedAt: toDate(this.#clock.utcMicros()),
        })
        .where(eq(cases.id, id));
    });
  }

  /** Notes are only ever added. Throws `case.not_found`, `case.too_many_notes`. */
  async addNote(principal: Principal, id: string, text: string): Promise<EvidenceCase> {
    await this.#require(principal, id);
    await this.#orm.transaction(async (transaction) => {
      const [row] = await transaction.select().from(cases).where(eq(cases.id, id)).for("update");
      if (!row) throw notFound();
      if (row.notes.length >= MAX_NOTES)
        throw new FluxError("case.too_many_notes", `a case has ${MAX_NOTES} notes at most`);
      const at = toDate(this.#clock.utcMicros());
      const notes = [...row.notes, { at: at.toISOString(), byName: principal.username, text }];
      await transaction.update(cases).set({ notes, updatedAt: at }).where(eq(cases.id, id));
    });
    return this.get(principal, id);
  }

  /** Closes or opens again. Throws `case.not_found`. */
  async setClosed(principal: Principal, id: string, closed: boolean): Promise<EvidenceCase> {
    await this.#require(principal, id);
    const now = toDate(this.#clock.utcMicros());
    const [row] = await this.#orm
      .update(cases)
      .set({ closedAt: closed ? now : null, updatedAt: now })
      .where(eq(cases.id, id))
      .returning();
    if (!row) throw notFound();
    return this.get(principal, id);
  }

  /** By who made it, or a supervisor of all its cameras. Footage, bookmarks and locks stay. Throws `case.not_found`, `auth.forbidden`. */
  async remove(principal: Principal, id: string): Promise<void> {
    const { row, items } = await this.#require(principal, id);
    const supervises =
      canEverywhere(principal, "evidence.supervise") ||
      (items.length > 0 && items.every(({ cameraId }) => can(principal, "evidence.supervise", cameraId)));
    if (row.createdBy !== principal.userId && !supervises) {
      throw new FluxError("auth.forbidden", "this case belongs to someone else");
    }
    await this.#orm.delete(cases).where(eq(cases.id, id));
  }

  async #require(principal: Principal, id: string): Promise<{ row: Row; items: readonly ItemRow[] }> {
    const [row] = await this.#orm.select().from(cases).where(eq(cases.id, id));
    const items = (await this.#items([id])).get(id) ?? [];
    if (!row || !mayWork(principal, row, items)) throw notFound();
    return { row, items };
  }

  async #items(caseIds: readonly string[]): Promise<Map<string, ItemRow[]>> {
    const byCase = new Map<string, ItemRow[]>();
    if (caseIds.length === 0) return byCase;
    const rows = await this.#orm
      .select()
      .from(caseItems)
      .where(inArray(caseItems.caseId, [...caseIds]))
      .orderBy(asc(caseItems.position));
    for (const row of rows) byCase.set(row.caseId, [...(byCase.get(row.caseId) ?? []), row]);
    return byCase;
  }
}

/** Whoever made it, whoever manages evidence of one of its cameras, and whoever does so of all. */
function mayWork(principal: Principal, row: Row, items: readonly ItemRow[]): boolean {
  if (row.createdBy === principal.userId || canEverywhere(principal, "evidence.manage")) return true;
  return items.some(
    ({ cameraId }) => can(principal, "evidence.manage", cameraId) && can(principal, "archive.view", cameraId),
  );
}

function checkItems(principal: Principal, input: Pick<CaseInput, "items">): void {
  for (const [index, item] of input.items.entries()) checkRange(principal, "evidence.manage", item, `items.${index}.`);
}

function itemRows(caseId: string, input: Pick<CaseInput, "items">): ItemRow[] {
  return input.items.map((item, position) => ({ ...item, id: randomUUID(), caseId, position }));
}

function toBody(principal: Principal, row: Row, items: readonly ItemRow[]): EvidenceCase {
  const { id, title, reference, notes, createdByName } = row;
  return {
    id,
    title,
    reference,
    notes,
    items: items
      .filter((item) => can(principal, "archive.view", item.cameraId))
      .map(({ id: itemId, cameraId, startMicros, endMicros, note }) => {
        return { id: itemId, cameraId, startMicros, endMicros, note };
      }),
    closedAt: row.closedAt?.toISOString() ?? null,
    createdByName,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

function notFound(): FluxError {
  return new FluxError("case.not_found", "there is no such case");
}
