import { randomUUID } from "node:crypto";
import { count, eq } from "drizzle-orm";
import type { z } from "zod";
import { type AccessRole, BUILTIN_ROLE_IDS, type roleBody } from "../../shared/api/access.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Principal } from "../auth/policy.ts";
import { usernameKey } from "../auth/username.ts";
import type { Orm } from "../db/database.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { roleGrants, roles } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { type AccessChanges, requireCovered } from "./access-changes.ts";
import { isBuiltinRole, permissionsOf } from "./builtin-roles.ts";
import type { Transaction } from "./grant-rows.ts";

export type RoleInput = z.infer<typeof roleBody>;
type Row = typeof roles.$inferSelect;

const MAX_ROLES = 200;

/** Roles: the built-in ones and those that administrators put together. */
export class RoleService {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #changes: AccessChanges;

  constructor(orm: Orm, clock: Clock, changes: AccessChanges) {
    this.#orm = orm;
    this.#clock = clock;
    this.#changes = changes;
  }

  /** The built-in ones first, from most to least; then by name. */
  async list(): Promise<AccessRole[]> {
    const [rows, counts] = await Promise.all([this.#orm.select().from(roles), this.#counts()]);
    const rank = (row: Row): number =>
      row.builtin ? (BUILTIN_ROLE_IDS as readonly string[]).indexOf(row.id) : Infinity;
    return rows
      .sort((a, b) => rank(a) - rank(b) || (a.nameKey < b.nameKey ? -1 : 1))
      .map((row) => toBody(row, counts.get(row.id) ?? 0));
  }

  /** Throws `role.not_found`. */
  async get(id: string): Promise<AccessRole> {
    const row = await this.#require(this.#orm, id);
    return toBody(row, (await this.#counts()).get(id) ?? 0);
  }

  /** `id`: of a role that is brought back. Throws `role.exists`, `role.too_many`, `access.escalation`. */
  async create(asking: Principal, input: RoleInput, id: string = randomUUID()): Promise<AccessRole> {
    return this.#changes.runFor(asking, async (transaction, by) => {
      requireWhole(by, input.permissions);
      if ((await transaction.$count(roles)) >= MAX_ROLES) {
        throw new FluxError("role.too_many", `there may be ${MAX_ROLES} roles`);
      }
      const now = toDate(this.#clock.utcMicros());
      const row: Row = { id, builtin: false, ...columns(input), createdAt: now, updatedAt: now };
      await unique(() => transaction.insert(roles).values(row));
      return { value: toBody(row, 0), touched: [] };
    });
  }

  /** Holds at once for everyone who has the role. Throws `role.not_found`, `role.builtin`, `role.exists`, `access.escalation`. */
  async update(asking: Principal, id: string, input: RoleInput): Promise<AccessRole> {
    return this.#changes.runFor(asking, async (transaction, by) => {
      requireWhole(by, input.permissions);
      const before = await this.#requireOwn(transaction, by, id);
      const updatedAt = toDate(this.#clock.utcMicros());
      const set = { ...columns(input), updatedAt };
      await unique(() => transaction.update(roles).set(set).where(eq(roles.id, id)));
      const grants = await transaction.$count(roleGrants, eq(roleGrants.roleId, id));
      return { value: toBody({ ...before, ...set }, grants), touched: grants > 0 ? "all" : [] };
    });
  }

  /** Throws `role.not_found`, `role.builtin`, `role.in_use`, `access.escalation`. */
  async remove(asking: Principal, id: string): Promise<AccessRole> {
    return this.#changes.runFor(asking, async (transaction, by) => {
      const row = await this.#requireOwn(transaction, by, id);
      const grants = await transaction.$count(roleGrants, eq(roleGrants.roleId, id));
      if (grants > 0) throw new FluxError("role.in_use", "users or groups have this role: take it from them first");
      await transaction.delete(roles).where(eq(roles.id, id));
      return { value: toBody(row, 0), touched: [] };
    });
  }

  async #requireOwn(transaction: Transaction, by: Principal, id: string): Promise<Row> {
    const row = await this.#require(transaction, id);
    if (row.builtin) throw new FluxError("role.builtin", "a built-in role stays as it is");
    requireWhole(by, [...permissionsOf(row.id, row.permissions)]);
    return row;
  }

  async #require(orm: Orm | Transaction, id: string): Promise<Row> {
    const [row] = await orm.select().from(roles).where(eq(roles.id, id));
    if (!row) throw new FluxError("role.not_found", "there is no such role");
    return row;
  }

  async #counts(): Promise<Map<string, number>> {
    const rows = await this.#orm
      .select({ roleId: roleGrants.roleId, grants: count() })
      .from(roleGrants)
      .groupBy(roleGrants.roleId);
    return new Map(rows.map(({ roleId, grants }) => [roleId, grants]));
  }
}

/** A role may be granted on everything: who makes it must hold it on everything. */
function requireWhole(by: Principal, permissions: RoleInput["permissions"]): void {
  requireCovered(by, [{ permissions: new Set(permissions), scope: { kind: "system" } }], "permissions");
}

function columns({ name, description, permissions }: RoleInput) {
  if (isBuiltinRole(usernameKey(name))) throw taken();
  return { name, nameKey: usernameKey(name), description, permissions: [...new Set(permissions)] };
}

async function unique(run: () => PromiseLike<unknown>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw taken(cause);
  }
}

function taken(cause?: unknown): FluxError {
  return new FluxError("role.exists", "there is a role of that name", { cause, field: "name" });
}

function toBody(row: Row, grants: number): AccessRole {
  const { id, builtin, name, description } = row;
  return { id, builtin, name, description, permissions: [...permissionsOf(id, row.permissions)], grants };
}
