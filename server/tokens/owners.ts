import { and, eq } from "drizzle-orm";
import type { Permission } from "../../shared/api/access.ts";
import type { ApiToken } from "../../shared/api/tokens.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { compileAccess, type Places } from "../access/access.ts";
import { requireCovers } from "../access/access-changes.ts";
import { grantsOfUser } from "../access/grant-rows.ts";
import type { GrantService } from "../access/grant-service.ts";
import { can, type Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { users } from "../db/schema/index.ts";

export type Owner = ApiToken["owner"];

/** Whom a token or a display may act for: whoever makes it, or an account for programs. Never for another person. */
export class TokenOwners {
  readonly #orm: Orm;
  readonly #places: Places;
  readonly #grants: Pick<GrantService, "isApiOnly">;

  constructor(orm: Orm, places: Places, grants: Pick<GrantService, "isApiOnly">) {
    this.#orm = orm;
    this.#places = places;
    this.#grants = grants;
  }

  /** Throws `token.bad_owner`, `auth.forbidden`, `access.escalation` (the account may do more than the caller). */
  async choose(by: Principal, ownerId: string | undefined): Promise<Owner> {
    const id = ownerId ?? by.userId;
    const columns = { id: users.id, username: users.username, displayName: users.displayName };
    const condition = and(eq(users.id, id), eq(users.enabled, true));
    const [owner] = await this.#orm.select(columns).from(users).where(condition);
    if (id === by.userId && owner) return owner;
    if (!can(by, "token.manage")) throw new FluxError("auth.forbidden", "not permitted");
    if (!owner || !(await this.#grants.isApiOnly(id))) {
      throw new FluxError("token.bad_owner", "only oneself or a service account can own it", { field: "ownerId" });
    }
    await requireCovers(this.#orm, by, id);
    return owner;
  }

  /**
   * Before a display is given another key or another picture: whoever does so acts for its owner from then on. Throws
   * `access.escalation`.
   */
  async requireCovered(by: Principal, ownerId: string): Promise<void> {
    await requireCovers(this.#orm, by, ownerId);
  }

  /**
   * What the owner does not have, a token of its cannot use; saying so now spares a search later. Throws
   * `token.too_wide`.
   */
  async requireWithin(
    ownerId: string,
    permissions: readonly Permission[],
    cameraIds: readonly string[] | null,
  ): Promise<void> {
    const access = compileAccess(await grantsOfUser(this.#orm, ownerId), this.#places);
    const missing = permissions.find((permission) => !access.anywhere.has(permission));
    if (missing !== undefined) {
      throw new FluxError("token.too_wide", `the owner does not have ${missing}`, { field: "permissions" });
    }
    const foreign = cameraIds?.findIndex((id) => !permissions.some((permission) => access.holds(permission, id))) ?? -1;
    if (foreign >= 0 || cameraIds?.some((id) => this.#places.of(id) === undefined)) {
      throw new FluxError("token.too_wide", "names a camera that the owner may not use", { field: "cameraIds" });
    }
  }
}
