import { eq } from "drizzle-orm";
import { type IdentitySettings, identitySettings } from "../../shared/api/identity.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

const NAME = "identity.settings";
/** How long another server's change may stay unseen. */
const FRESH_MS = 5_000;

/** Rules of sign-in that administrators set. */
export class IdentitySettingsStore {
  readonly #orm: Orm;
  readonly #clock: Clock;
  #cached: { readonly value: IdentitySettings; readonly atMs: number } | undefined;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  async get(): Promise<IdentitySettings> {
    const now = this.#clock.monotonicMs();
    if (this.#cached && now - this.#cached.atMs < FRESH_MS) return this.#cached.value;
    const [row] = await this.#orm.select().from(settings).where(eq(settings.name, NAME));
    // What is missing from a row of an older version has its default.
    const value = identitySettings.parse(row === undefined ? {} : JSON.parse(row.value));
    this.#cached = { value, atMs: now };
    return value;
  }

  async put(value: IdentitySettings): Promise<void> {
    const row = { name: NAME, value: JSON.stringify(value), updatedAt: toDate(this.#clock.utcMicros()) };
    await this.#orm.insert(settings).values(row).onConflictDoUpdate({ target: settings.name, set: row });
    this.#cached = { value, atMs: this.#clock.monotonicMs() };
  }
}
