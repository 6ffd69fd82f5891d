import { randomUUID } from "node:crypto";
import { asc, eq, or } from "drizzle-orm";
import type { z } from "zod";
import { LAYOUT_KINDS, type Layout, type layoutBody } from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { can, type Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { layouts } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

export type LayoutInput = z.infer<typeof layoutBody>;
/** Asked before cameras are added to a layout; throws where they must not be. */
export type LayoutGuard = (by: Principal, layoutId: string, cells: readonly (string | null)[]) => Promise<void>;
type Row = typeof layouts.$inferSelect;

const MAX_PER_USER = 200;
/** Of a display whose layout was deleted. */
const NO_LAYOUT = "00000000-0000-0000-0000-000000000000";

/** Saved walls. One's own, and those that operators and administrators share with everyone. */
export class LayoutService {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #listeners: ((layoutId: string) => void)[] = [];
  readonly #guards: LayoutGuard[] = [];

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** Told after a layout was changed or deleted: displays are bound to one. */
  onChanged(listener: (layoutId: string) => void): void {
    this.#listeners.push(listener);
  }

  /** With the cells as they are to be, those that were there before empty. */
  onAdding(guard: LayoutGuard): void {
    this.#guards.push(guard);
  }

  async list(principal: Principal): Promise<Layout[]> {
    const { limit, userId } = principal;
    const visible =
      limit?.kind === "device"
        ? eq(layouts.id, limit.layoutId ?? NO_LAYOUT)
        : or(eq(layouts.ownerId, userId), eq(layouts.shared, true));
    const rows = await this.#orm.select().from(layouts).where(visible).orderBy(asc(layouts.name), asc(layouts.id));
    return rows.map((row) => toBody(row, principal));
  }

  /** Throws `layout.not_found`. */
  async get(principal: Principal, id: string): Promise<Layout> {
    const row = await this.#find(id);
    if (!row || !isVisible(principal, row)) throw notFound();
    return toBody(row, principal);
  }

  /** `id`: of a layout that is brought back. Throws `layout.bad_cells`, `layout.too_many`, `auth.forbidden`. */
  async create(principal: Principal, input: LayoutInput, id: string = randomUUID()): Promise<Layout> {
    requireWriter(principal);
    const values = check(principal, input);
    if ((await this.#orm.$count(layouts, eq(layouts.ownerId, principal.userId))) >= MAX_PER_USER) {
      throw new FluxError("layout.too_many", `a user may keep ${MAX_PER_USER} layouts`);
    }
    const now = toDate(this.#clock.utcMicros());
    const row = { ...values, id, ownerId: principal.userId, createdAt: now, updatedAt: now };
    await this.#orm.insert(layouts).values(row);
    return toBody(row, principal);
  }

  /** Throws `layout.not_found`, `layout.bad_cells`, `auth.forbidden`. */
  async update(principal: Principal, id: string, input: LayoutInput): Promise<Layout> {
    const before = await this.#requireOwn(principal, id);
    const values = check(principal, { ...input, shared: input.shared ?? before.shared });
    const added = values.cells.map((cell) => (before.cells.includes(cell) ? null : cell));
    for (const guard of this.#guards) await guard(principal, id, added);
    const updatedAt = toDate(this.#clock.utcMicros());
    const [row] = await this.#orm
      .update(layouts)
      .set({ ...values, updatedAt })
      .where(eq(layouts.id, id))
      .returning();
    if (!row) throw notFound();
    this.#tell(id);
    return toBody(row, principal);
  }

  /** Throws `layout.not_found`, `auth.forbidden`. */
  async remove(principal: Principal, id: string): Promise<void> {
    await this.#requireOwn(principal, id);
    await this.#orm.delete(layouts).where(eq(layouts.id, id));
    this.#tell(id);
  }

  #tell(layoutId: string): void {
    for (const listener of this.#listeners) listener(layoutId);
  }

  async #find(id: string): Promise<Row | undefined> {
    const [row] = await this.#orm.select().from(layouts).where(eq(layouts.id, id));
    return row;
  }

  /** Owners change their own, administrators also what others share. Another's private layout does not exist. */
  async #requireOwn(principal: Principal, id: string): Promise<Row> {
    requireWriter(principal);
    const row = await this.#find(id);
    if (!row) throw notFound();
    if (row.ownerId === principal.userId) return row;
    if (!row.shared) throw notFound();
    if (!can(principal, "layout.manage")) throw new FluxError("auth.forbidden", "this layout belongs to someone else");
    return row;
  }
}

/** A display sees the one layout that it shows. */
function isVisible({ limit, userId }: Principal, row: Row): boolean {
  if (limit?.kind === "device") return row.id === limit.layoutId;
  return row.shared || row.ownerId === userId;
}

/** Displays write none; a program needs the right to share, since it has no wall of its own. */
function requireWriter(principal: Principal): void {
  if (!can(principal, "layout.edit")) {
    throw new FluxError("auth.forbidden", "not permitted to change layouts");
  }
}

function check(principal: Principal, input: LayoutInput): Omit<LayoutInput, "shared"> & { shared: boolean } {
  const shared = input.shared ?? false;
  if (shared && !can(principal, "layout.share"))
    throw new FluxError("auth.forbidden", "not permitted to share layouts");
  if (input.cells.length > cellCount(input.kind)) {
    throw new FluxError("layout.bad_cells", `${input.kind} has ${cellCount(input.kind)} cells`, { field: "cells" });
  }
  const foreign = input.cells.findIndex((cell) => cell !== null && !can(principal, "camera.view", cell));
  if (foreign >= 0) {
    throw new FluxError("layout.bad_cells", "there is no such camera", { field: `cells.${foreign}` });
  }
  return { ...input, shared };
}

/** `3x3` has 9 cells, `1+5` has 6. */
function cellCount(kind: (typeof LAYOUT_KINDS)[number]): number {
  const [first = 1, second] = kind.split(/[x+]/).map(Number);
  if (second === undefined) return first;
  return kind.includes("x") ? first * second : first + second;
}

/** A shared layout may show cameras that the reader may not see: those cells come out empty. */
function toBody(row: Row, principal: Principal): Layout {
  const cells = row.cells.map((cell) => (cell !== null && can(principal, "camera.view", cell) ? cell : null));
  const kind = LAYOUT_KINDS.find((known) => known === row.kind) ?? "1";
  const { id, ownerId, name, shared } = row;
  return { id, ownerId, name, kind, cells, shared, updatedAt: row.updatedAt.toISOString() };
}

function notFound(): FluxError {
  return new FluxError("layout.not_found", "there is no such layout");
}
