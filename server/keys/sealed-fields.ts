import { type SQL, sql } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import type { FieldSealer } from "./field-sealer.ts";
import type { MasterKeys } from "./master-keys.ts";

interface Column {
  readonly table: string;
  /** Sealed for `<table>.<column>|<key>`. */
  readonly column: string;
  readonly key: string;
}

/** Every column `*_sealed` of the schema; a test compares. */
export const SEALED_COLUMNS: readonly Column[] = [
  { table: "cameras", column: "username_sealed", key: "id" },
  { table: "cameras", column: "password_sealed", key: "id" },
  { table: "streams", column: "url_sealed", key: "id" },
  { table: "storage_volumes", column: "credentials_sealed", key: "id" },
  { table: "totp_secrets", column: "secret_sealed", key: "user_id" },
  { table: "auth_flows", column: "data_sealed", key: "id" },
  { table: "oidc_providers", column: "client_secret_sealed", key: "id" },
];

/** A place of sealed values: how they are read and put back. */
interface Place {
  readonly rows: SQL;
  context(key: string): string;
  replace(key: string, before: string, after: string): SQL;
}

/** At once: a value is opened and sealed in microseconds, a round trip is what takes time. */
const BATCH = 500;

/** Every sealed field of the database, so that a new master key can take them over. */
export class SealedFields {
  readonly #orm: Orm;
  readonly #sealer: FieldSealer;
  readonly #masterKeys: MasterKeys;

  constructor(orm: Orm, sealer: FieldSealer, masterKeys: MasterKeys) {
    this.#orm = orm;
    this.#sealer = sealer;
    this.#masterKeys = masterKeys;
  }

  /** How many fields each master key seals. */
  async countByKey(): Promise<ReadonlyMap<number, number>> {
    const counts = new Map<number, number>();
    for (const { rows } of PLACES) {
      const found = await this.#orm.execute<{ mek: string; count: string }>(
        sql`select split_part(value, ':', 2) as mek, count(*) as count from (${rows}) as fields group by 1`,
      );
      for (const { mek, count } of found) counts.set(Number(mek), (counts.get(Number(mek)) ?? 0) + Number(count));
    }
    return counts;
  }

  async countOld(): Promise<number> {
    let old = 0;
    for (const [id, count] of await this.countByKey()) if (id !== this.#masterKeys.currentId) old += count;
    return old;
  }

  /** Returns how many were sealed anew; `onDone` is told after each. */
  async sealAnew(onDone: () => void = () => undefined): Promise<number> {
    let done = 0;
    for (const place of PLACES) {
      for (;;) {
        const old = await this.#old(place.rows);
        for (const { key, value } of old) {
          const sealed = this.#sealer.seal(place.context(key), this.#sealer.open(place.context(key), value));
          // Unless it was changed meanwhile: then it was sealed with the new key.
          await this.#orm.execute(place.replace(key, value, sealed));
          done++;
          onDone();
        }
        if (old.length < BATCH) break;
      }
    }
    return done;
  }

  async #old(rows: SQL): Promise<{ key: string; value: string }[]> {
    const current = `aria256gcm:${this.#masterKeys.currentId}:%`;
    const found = await this.#orm.execute<{ key: string; value: string }>(
      sql`select key, value from (${rows}) as fields where value not like ${current} order by key limit ${BATCH}`,
    );
    return [...found];
  }
}

const PLACES: readonly Place[] = [...SEALED_COLUMNS.map(columnPlace), settingsPlace(), exportPlace()];

function columnPlace({ table, column, key }: Column): Place {
  const [from, of, by] = [sql.identifier(table), sql.identifier(column), sql.identifier(key)];
  return {
    rows: sql`select ${by}::text as key, ${of} as value from ${from} where ${of} is not null`,
    context: (id) => `${table}.${column}|${id}`,
    replace: (id, before, after) =>
      sql`update ${from} set ${of} = ${after} where ${by}::text = ${id} and ${of} = ${before}`,
  };
}

/** Settings are sealed under their own name. */
function settingsPlace(): Place {
  return {
    rows: sql`select name as key, value from settings where value like 'aria256gcm:%'`,
    context: (name) => name,
    replace: (name, before, after) =>
      sql`update settings set value = ${after} where name = ${name} and value = ${before}`,
  };
}

/** Passphrases of exports that wait. */
function exportPlace(): Place {
  const passphrase = sql`spec->>'passphrase'`;
  return {
    rows: sql`select id::text as key, ${passphrase} as value from export_jobs where ${passphrase} like 'aria256gcm:%'`,
    context: (id) => `export_jobs.spec.passphrase|${id}`,
    replace: (id, before, after) =>
      sql`update export_jobs set spec = jsonb_set(spec, '{passphrase}', to_jsonb(${after}::text))
        where id::text = ${id} and ${passphrase} = ${before}`,
  };
}
