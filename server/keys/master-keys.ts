import { randomBytes, randomUUID } from "node:crypto";
import { asc, eq, sql } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { meks } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { ariaOpen, ariaSeal, subKey } from "./aria.ts";

const MEK_LOCK = 1_179_011_662;
const MEK_BYTES = 32;

export interface MasterKeyFacts {
  readonly id: number;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
}

/** Master keys, opened once at start and held in memory. */
export class MasterKeys {
  readonly #orm: Orm;
  readonly #wrapping: Uint8Array;
  readonly #clock: Clock;
  readonly #keys: Map<number, Uint8Array>;
  #current: number;

  private constructor(
    orm: Orm,
    wrapping: Uint8Array,
    clock: Clock,
    keys: ReadonlyMap<number, Uint8Array>,
    current: number,
  ) {
    this.#orm = orm;
    this.#wrapping = wrapping;
    this.#clock = clock;
    this.#keys = new Map(keys);
    this.#current = current;
  }

  /** Creates the first master key if there is none. Throws `keys.wrong_root_key`. */
  static async open(orm: Orm, rootKey: Uint8Array, clock: Clock): Promise<MasterKeys> {
    const wrapping = subKey(rootKey, "fluxvision mek wrap v1");
    const rows = await orm.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${MEK_LOCK})`);
      const existing = await transaction.select().from(meks).orderBy(asc(meks.id));
      if (existing.length > 0) return existing;
      const label = randomUUID();
      const wrapped = ariaSeal(wrapping, randomBytes(MEK_BYTES), context(label));
      return transaction
        .insert(meks)
        .values({ label, wrapped, createdAt: toDate(clock.utcMicros()) })
        .returning();
    });
    const keys = new Map<number, Uint8Array>();
    for (const row of rows) {
      try {
        keys.set(row.id, ariaOpen(wrapping, row.wrapped, context(row.label)));
      } catch (cause) {
        throw new FluxError(
          "keys.wrong_root_key",
          "the root key does not fit this database: restore the root-key file (or FLUXVISION_ROOT_KEY) that belongs to it",
          { cause },
        );
      }
    }
    const current = rows.findLast((row) => row.retiredAt === null)?.id;
    if (current === undefined) throw new FluxError("keys.no_master_key", "every master key is retired");
    return new MasterKeys(orm, wrapping, clock, keys, current);
  }

  /** Oldest first, without key material. */
  async list(): Promise<MasterKeyFacts[]> {
    const rows = await this.#orm.select().from(meks).orderBy(asc(meks.id));
    return rows.map(({ id, createdAt, retiredAt }) => ({ id, createdAt, retiredAt }));
  }

  /** A fresh master key wraps from now on; earlier ones still open what they wrapped. Returns its number. */
  async renew(): Promise<number> {
    const label = randomUUID();
    const key = new Uint8Array(randomBytes(MEK_BYTES));
    const wrapped = ariaSeal(this.#wrapping, key, context(label));
    const createdAt = toDate(this.#clock.utcMicros());
    const [row] = await this.#orm.insert(meks).values({ label, wrapped, createdAt }).returning({ id: meks.id });
    if (!row) throw new Error("insert returned no row");
    this.#keys.set(row.id, key);
    this.#current = row.id;
    return row.id;
  }

  /** Nothing is wrapped with it any more. It stays able to open, for a backup that is brought back. */
  async retire(id: number): Promise<void> {
    if (id === this.#current) throw new FluxError("keys.current_master_key", "the master key in use cannot be retired");
    const retiredAt = toDate(this.#clock.utcMicros());
    await this.#orm.update(meks).set({ retiredAt }).where(eq(meks.id, id));
  }

  /** Number of the key that wraps now. */
  get currentId(): number {
    return this.#current;
  }

  /** The master key's sub key for one purpose. Throws `keys.unknown_master_key`. */
  forPurpose(id: number, purpose: string): Uint8Array {
    const key = this.#keys.get(id);
    if (!key) throw new FluxError("keys.unknown_master_key", `there is no master key ${id}`);
    return subKey(key, purpose);
  }
}

function context(label: string): string {
  return `fluxvision mek v1|${label}`;
}
