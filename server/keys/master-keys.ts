import { randomBytes, randomUUID } from "node:crypto";
import { asc, sql } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { meks } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { ariaOpen, ariaSeal, subKey } from "./aria.ts";

const MEK_LOCK = 1_179_011_662;
const MEK_BYTES = 32;

/** Master keys, opened once at start and held in memory. */
export class MasterKeys {
  readonly #keys: ReadonlyMap<number, Uint8Array>;
  readonly #current: number;

  private constructor(keys: ReadonlyMap<number, Uint8Array>, current: number) {
    this.#keys = keys;
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
    return new MasterKeys(keys, current);
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
