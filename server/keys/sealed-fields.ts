import { and, eq, isNotNull, like } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import { cameras, settings, storageVolumes } from "../db/schema/index.ts";
import { type FieldSealer, masterKeyOf } from "./field-sealer.ts";
import type { MasterKeys } from "./master-keys.ts";

interface SealedField {
  readonly context: string;
  readonly value: string;
  /** Replaces it, unless it was changed meanwhile. */
  replace(sealed: string): Promise<unknown>;
}

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

  async countOld(): Promise<number> {
    return (await this.#old()).length;
  }

  /** Returns how many were sealed anew. */
  async sealAnew(): Promise<number> {
    const old = await this.#old();
    for (const field of old) {
      await field.replace(this.#sealer.seal(field.context, this.#sealer.open(field.context, field.value)));
    }
    return old.length;
  }

  async #old(): Promise<SealedField[]> {
    const current = this.#masterKeys.currentId;
    const all = [...(await this.#settings()), ...(await this.#cameras()), ...(await this.#volumes())];
    return all.filter(({ value }) => masterKeyOf(value) !== current);
  }

  /** Settings are sealed under their own name. */
  async #settings(): Promise<SealedField[]> {
    const rows = await this.#orm.select().from(settings).where(like(settings.value, "aria256gcm:%"));
    return rows.map(({ name, value }) => ({
      context: name,
      value,
      replace: (sealed) =>
        this.#orm
          .update(settings)
          .set({ value: sealed })
          .where(and(eq(settings.name, name), eq(settings.value, value))),
    }));
  }

  async #cameras(): Promise<SealedField[]> {
    const fields: SealedField[] = [];
    for (const row of await this.#orm.select().from(cameras)) {
      for (const column of ["usernameSealed", "passwordSealed"] as const) {
        const value = row[column];
        if (value === null) continue;
        fields.push({
          context: `cameras.${column === "usernameSealed" ? "username_sealed" : "password_sealed"}|${row.id}`,
          value,
          replace: (sealed) =>
            this.#orm
              .update(cameras)
              .set({ [column]: sealed })
              .where(and(eq(cameras.id, row.id), eq(cameras[column], value))),
        });
      }
    }
    return fields;
  }

  async #volumes(): Promise<SealedField[]> {
    const rows = await this.#orm.select().from(storageVolumes).where(isNotNull(storageVolumes.credentialsSealed));
    return rows.flatMap(({ id, credentialsSealed: value }) =>
      value === null
        ? []
        : {
            context: `storage_volumes.credentials_sealed|${id}`,
            value,
            replace: (sealed: string) =>
              this.#orm
                .update(storageVolumes)
                .set({ credentialsSealed: sealed })
                .where(and(eq(storageVolumes.id, id), eq(storageVolumes.credentialsSealed, value))),
          },
    );
  }
}
