import { eq } from "drizzle-orm";
import type { Profile } from "../../shared/api/identity.ts";
import type { Theme } from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { NO_PASSWORD } from "../auth/password.ts";
import type { Orm } from "../db/database.ts";
import { externalIdentities, oidcProviders, userPreferences, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

export interface Preferences {
  readonly theme?: Theme;
  readonly language?: "en" | "ko";
}

/** What people see and choose about themselves. */
export class Profiles {
  readonly #orm: Orm;
  readonly #clock: Clock;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** Throws `user.not_found`. */
  async get(userId: string): Promise<Profile> {
    const [row] = await this.#orm
      .select({ user: users, theme: userPreferences.theme })
      .from(users)
      .leftJoin(userPreferences, eq(userPreferences.userId, users.id))
      .where(eq(users.id, userId));
    if (!row) throw new FluxError("user.not_found", "there is no such user");
    const { username, displayName, language, passwordHash } = row.user;
    const bound = await this.#orm
      .select({ name: oidcProviders.name })
      .from(externalIdentities)
      .innerJoin(oidcProviders, eq(oidcProviders.id, externalIdentities.providerId))
      .where(eq(externalIdentities.userId, userId));
    return {
      username,
      displayName,
      language,
      theme: row.theme ?? "dark",
      hasPassword: passwordHash !== NO_PASSWORD,
      providers: bound.map(({ name }) => name).sort(),
    };
  }

  /** What the user has chosen for the console; what was never chosen is left out. */
  async preferences(userId: string): Promise<Preferences> {
    const [row] = await this.#orm.select().from(userPreferences).where(eq(userPreferences.userId, userId));
    if (row === undefined) return {};
    const { theme, language } = row;
    return { theme, ...(language === null ? {} : { language }) };
  }

  async choose(userId: string, chosen: Preferences): Promise<void> {
    const set = { ...chosen, updatedAt: toDate(this.#clock.utcMicros()) };
    await this.#orm
      .insert(userPreferences)
      .values({ userId, ...set })
      .onConflictDoUpdate({ target: userPreferences.userId, set });
  }
}
