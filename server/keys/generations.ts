import { randomBytes } from "node:crypto";
import { eq, max } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { sealGenerations } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

const SALT_BYTES = 16;

/**
 * The database's half of the generation counter, with each generation's salt. Fits `GenerationRecord` of
 * server/seal: a number is used only after `record` has resolved.
 */
export class Generations {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #salts = new Map<number, Uint8Array>();

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  async highest(): Promise<number> {
    const [row] = await this.#orm.select({ highest: max(sealGenerations.id) }).from(sealGenerations);
    return row?.highest ?? 0;
  }

  /** Keeps the number with fresh random salt. Rejects when another server on this database was faster. */
  async record(generation: number): Promise<void> {
    const salt = new Uint8Array(randomBytes(SALT_BYTES));
    const createdAt = toDate(this.#clock.utcMicros());
    await this.#orm.insert(sealGenerations).values({ id: generation, salt, createdAt });
    this.#salts.set(generation, salt);
  }

  /** Throws `keys.unknown_generation`. */
  async salt(generation: number): Promise<Uint8Array> {
    const known = this.#salts.get(generation);
    if (known) return known;
    const [row] = await this.#orm.select().from(sealGenerations).where(eq(sealGenerations.id, generation));
    if (!row) throw new FluxError("keys.unknown_generation", `there is no seal generation ${generation}`);
    this.#salts.set(generation, row.salt);
    return row.salt;
  }
}
