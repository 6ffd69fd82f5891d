import { and, eq, inArray, sql } from "drizzle-orm";
import { CONFIG_SECTIONS, type ConfigSection } from "../../shared/api/config.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Transaction } from "../access/grant-rows.ts";
import type { Audit } from "../audit/audit.ts";
import type { AuditEntry } from "../audit/row.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import type { ConfigObjectChange } from "../db/schema/config-versions.ts";
import { configObjects, configVersions } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { ReadParts } from "./read-devices.ts";
import { READERS, touchedBy } from "./sections.ts";
import { type ConfigObject, fieldChanges, sameValue } from "./state.ts";

export interface ConfigRecorderParts extends ReadParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly audit: Pick<Audit, "add">;
}

/** Versions begin with this one. */
export const BEGIN = "config.begin";
/** Changed past the server, or while the database was away: seen at the next start. */
export const FOUND = "config.found";
/** Any fixed number: whoever makes a version holds it. */
const LOCK = 1_179_011_664;
/** A statement has 65,535 parameters at most. */
const SLICE = 5000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

type Author = Pick<AuditEntry, "action" | "actorId" | "actorName" | "ip" | "details">;

/**
 * Makes a version of each change: after an audit entry that tells of one, what the entry is about is compared with what the
 * last version left. Nobody has to remember to say what was changed, and a change made past the server is found too.
 */
export class ConfigRecorder {
  readonly #parts: ConfigRecorderParts;
  /** One at a time: a change is compared with what the one before left. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: ConfigRecorderParts) {
    this.#parts = parts;
  }

  /** Looks at everything. Never rejects. */
  async start(): Promise<void> {
    const { orm, audit, log } = this.#parts;
    try {
      const [first] = await orm.select({ id: configVersions.id }).from(configVersions).limit(1);
      if (!first) return await this.#begin();
      for (const section of CONFIG_SECTIONS) {
        const changes = await this.#record({ action: FOUND }, section, undefined);
        if (changes.length === 0) continue;
        const objects = changes.slice(0, 20).map(({ label }) => label);
        await audit.add({ action: FOUND, via: "system", details: { section, count: changes.length, objects } });
      }
    } catch (err) {
      log.error({ err }, "the configuration could not be compared with its last version");
    }
  }

  /** For `Audit.enrichWith`: makes the version that the entry tells of, and gives the entry old and new values. */
  readonly enrich = async (entry: AuditEntry): Promise<AuditEntry> => {
    if (entry.outcome === "denied" || entry.outcome === "failed") return entry;
    let own: readonly ConfigObjectChange[] = [];
    for (const [index, { section, targetOnly }] of touchedBy(entry.action).entries()) {
      if (targetOnly && entry.target === undefined) continue;
      const changes = await this.#record(entry, section, targetOnly ? [entry.target ?? ""] : undefined);
      if (index === 0) own = changes;
    }
    const [change] = own;
    if (!change || own.length > 1 || (entry.changes?.length ?? 0) > 0) return entry;
    return { ...entry, changes: fieldChanges(change.before, change.after) };
  };

  /** Resolves when what was begun is done. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  #record(by: Author, section: ConfigSection, ids: readonly string[] | undefined) {
    return this.#inOrder(() =>
      this.#parts.orm.transaction(async (transaction) => {
        await transaction.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
        const now = await READERS[section](transaction, this.#parts, ids);
        const before = await known(transaction, section, ids);
        const changes = compare(before, ids === undefined ? now : only(now, ids));
        if (changes.length > 0) await this.#store(transaction, by, section, changes);
        return changes;
      }),
    );
  }

  async #store(transaction: Transaction, by: Author, section: string, changes: readonly ConfigObjectChange[]) {
    const { actorId, actorName, ip, action, details } = by;
    const rollsBack = details?.rollsBack;
    await transaction.insert(configVersions).values({
      at: toDate(this.#parts.clock.utcMicros()),
      actorId: actorId !== undefined && UUID.test(actorId) ? actorId : null,
      actorName: actorName ?? null,
      ip: ip ?? null,
      ...{ action, section, changes, objects: changes.length },
      rollsBack: typeof rollsBack === "number" ? rollsBack : null,
    });
    await forget(
      transaction,
      section,
      changes.map(({ id }) => id),
    );
    const stay = changes.flatMap(({ id, label, after }) => (after === null ? [] : [{ id, label, value: after }]));
    await remember(transaction, section, stay);
  }

  #begin(): Promise<void> {
    return this.#inOrder(() =>
      this.#parts.orm.transaction(async (transaction) => {
        await transaction.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
        if ((await transaction.$count(configVersions)) > 0) return;
        for (const section of CONFIG_SECTIONS) {
          const now = await READERS[section](transaction, this.#parts, undefined);
          const objects = [...now].map(([id, object]) => ({ id, ...object }));
          await remember(transaction, section, objects);
        }
        const at = toDate(this.#parts.clock.utcMicros());
        await transaction.insert(configVersions).values({ at, action: BEGIN, section: "", changes: [], objects: 0 });
      }),
    );
  }

  #inOrder<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

async function known(transaction: Transaction, section: string, ids: readonly string[] | undefined) {
  const some = ids && inArray(configObjects.objectId, [...ids]);
  const rows = await transaction
    .select()
    .from(configObjects)
    .where(and(eq(configObjects.section, section), some));
  return new Map(rows.map(({ objectId, label, value }) => [objectId, { label, value }]));
}

function only(objects: ReadonlyMap<string, ConfigObject>, ids: readonly string[]): Map<string, ConfigObject> {
  return new Map([...objects].filter(([id]) => ids.includes(id)));
}

function compare(
  before: ReadonlyMap<string, ConfigObject>,
  after: ReadonlyMap<string, ConfigObject>,
): ConfigObjectChange[] {
  const ids = [...new Set([...before.keys(), ...after.keys()])];
  return ids.flatMap((id) => {
    const [was, is] = [before.get(id), after.get(id)];
    if (was && is && sameValue(was.value, is.value)) return [];
    return [{ id, label: (is ?? was)?.label ?? id, before: was?.value ?? null, after: is?.value ?? null }];
  });
}

async function forget(transaction: Transaction, section: string, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += SLICE) {
    const some = inArray(configObjects.objectId, ids.slice(at, at + SLICE));
    await transaction.delete(configObjects).where(and(eq(configObjects.section, section), some));
  }
}

async function remember(
  transaction: Transaction,
  section: string,
  objects: readonly (ConfigObject & { readonly id: string })[],
): Promise<void> {
  for (let at = 0; at < objects.length; at += SLICE) {
    const rows = objects.slice(at, at + SLICE).map(({ id, label, value }) => ({ section, objectId: id, label, value }));
    await transaction.insert(configObjects).values(rows);
  }
}
