import { and, asc, desc, eq, gt, ilike, lt, lte, or, type SQL, sql } from "drizzle-orm";
import type { z } from "zod";
import {
  CONFIG_SECTIONS,
  type ConfigSection,
  type ConfigVersion,
  type ConfigVersionPage,
  configSection,
  type configVersionQuery,
  type ObjectChange,
} from "../../shared/api/config.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import type { ConfigObjectChange } from "../db/schema/config-versions.ts";
import { configObjects, configVersions } from "../db/schema/index.ts";
import { type ConfigObject, type ConfigState, fieldChanges, sameValue } from "./state.ts";

type Row = typeof configVersions.$inferSelect;

/** What somebody may see of the versions. */
export interface Sight {
  readonly sections: ReadonlySet<ConfigSection>;
  /** Whether a change is for the reader's eyes: others' private layouts are not. */
  readonly shows: (section: ConfigSection, change: Pick<ConfigObjectChange, "before" | "after">) => boolean;
}

const AT_ONCE = 200;

/** Reads versions, and what the configuration was after one. */
export class ConfigVersionStore {
  readonly #orm: Orm;

  constructor(orm: Orm) {
    this.#orm = orm;
  }

  /** Newest first. */
  async list(query: z.infer<typeof configVersionQuery>, sight: Sight): Promise<ConfigVersionPage> {
    const { section, object, actor, until, before, limit } = query;
    const seen = [...sight.sections].filter((one) => section === undefined || one === section);
    const holds =
      object === undefined ? undefined : sql`${configVersions.changes} @> ${JSON.stringify([{ id: object }])}::jsonb`;
    const sections: SQL | undefined = or(
      seen.length === 0 ? undefined : sql`${configVersions.section} in ${seen}`,
      section === undefined && object === undefined ? eq(configVersions.section, "") : undefined,
    );
    if (sections === undefined) return { versions: [], next: null };
    const rows = await this.#orm
      .select()
      .from(configVersions)
      .where(
        and(
          sections,
          holds,
          actor === undefined ? undefined : ilike(configVersions.actorName, `%${actor.replace(/[\\%_]/g, "\\$&")}%`),
          until === undefined ? undefined : lte(configVersions.at, new Date(until)),
          before === undefined ? undefined : lt(configVersions.id, before),
        ),
      )
      .orderBy(desc(configVersions.id))
      .limit(limit);
    const versions = rows
      .map((row) => toVersion(row, sight))
      .filter(({ section: of, changes }) => of === null || changes.length > 0);
    return { versions, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : null };
  }

  /** Throws `config.not_found`. */
  async row(id: number): Promise<Row> {
    const [row] = await this.#orm.select().from(configVersions).where(eq(configVersions.id, id));
    if (!row) throw new FluxError("config.not_found", "there is no such version");
    return row;
  }

  async version(id: number, sight: Sight): Promise<ConfigVersion> {
    const row = await this.row(id);
    const version = toVersion(row, sight);
    if (row.section !== "" && version.changes.length === 0) {
      throw new FluxError("config.not_found", "there is no such version");
    }
    return version;
  }

  /** As it is now, as far as the last version knows. */
  async now(sections: ReadonlySet<ConfigSection>): Promise<Map<ConfigSection, Map<string, ConfigObject>>> {
    const state = new Map([...sections].map((section) => [section, new Map<string, ConfigObject>()]));
    const rows = sections.size === 0 ? [] : await this.#orm.select().from(configObjects);
    for (const { section, objectId, label, value } of rows) {
      state.get(section as ConfigSection)?.set(objectId, { label, value });
    }
    return state;
  }

  /** As it was after a version: what was changed since is taken back, newest first. Throws `config.not_found`. */
  async after(id: number, sections: ReadonlySet<ConfigSection>): Promise<ConfigState> {
    await this.row(id);
    const [state, [last]] = [
      await this.now(sections),
      await this.#orm.select({ id: configVersions.id }).from(configVersions).orderBy(desc(configVersions.id)).limit(1),
    ];
    for (let above = (last?.id ?? id) + 1; above > id; ) {
      const rows = await this.#orm
        .select()
        .from(configVersions)
        .where(and(gt(configVersions.id, id), lt(configVersions.id, above)))
        .orderBy(desc(configVersions.id))
        .limit(AT_ONCE);
      for (const { section, changes } of rows) {
        const objects = state.get(section as ConfigSection);
        for (const { id: objectId, label, before } of objects ? changes : []) {
          if (before === null) objects?.delete(objectId);
          else objects?.set(objectId, { label: nameIn(before) ?? label, value: before });
        }
      }
      if (rows.length < AT_ONCE) break;
      above = rows.at(-1)?.id ?? id;
    }
    return state;
  }

  /** The oldest version. */
  async first(): Promise<Row | undefined> {
    const [row] = await this.#orm.select().from(configVersions).orderBy(asc(configVersions.id)).limit(1);
    return row;
  }
}

function nameIn(value: Readonly<Record<string, unknown>>): string | undefined {
  const name = value.name ?? value.username;
  return typeof name === "string" ? name : undefined;
}

function toVersion(row: Row, sight: Sight): ConfigVersion {
  const section = configSection.safeParse(row.section).data ?? null;
  const seen = section !== null && sight.sections.has(section);
  const changes = seen ? row.changes.filter((change) => sight.shows(section, change)) : [];
  return {
    id: row.id,
    at: row.at.toISOString(),
    actorName: row.actorName,
    ip: row.ip,
    action: row.action,
    section,
    changes: section === null ? [] : changes.map((change) => toChange(section, change)),
    rollsBack: row.rollsBack,
  };
}

export function toChange(section: ConfigSection, change: ConfigObjectChange): ObjectChange {
  const { id, label, before, after } = change;
  const kind = before === null ? "added" : after === null ? "removed" : "changed";
  return { section, id, label, kind, fields: fieldChanges(before, after) };
}

/** What leads from one state to another. */
export function stateChanges(
  from: ConfigState,
  to: ConfigState,
): { readonly section: ConfigSection; readonly change: ConfigObjectChange }[] {
  return CONFIG_SECTIONS.flatMap((section) => {
    const [before, after] = [from.get(section), to.get(section)];
    const ids = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])];
    return ids.flatMap((id) => {
      const [was, is] = [before?.get(id), after?.get(id)];
      if (was && is && sameValue(was.value, is.value)) return [];
      const label = (is ?? was)?.label ?? id;
      return [{ section, change: { id, label, before: was?.value ?? null, after: is?.value ?? null } }];
    });
  });
}
