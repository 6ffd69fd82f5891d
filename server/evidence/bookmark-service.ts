import { randomUUID } from "node:crypto";
import { and, arrayContains, desc, eq, gte, ilike, inArray, lte, or, type SQL } from "drizzle-orm";
import type { z } from "zod";
import { BOOKMARK_COLOURS, type Bookmark, type bookmarkBody } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { camerasFor, can, type Principal } from "../auth/policy.ts";
import type { Orm } from "../db/database.ts";
import { bookmarks } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { checkRange } from "./footage-range.ts";

export type BookmarkInput = z.infer<typeof bookmarkBody>;
type Row = typeof bookmarks.$inferSelect;

export interface BookmarkSearch {
  readonly text?: string | undefined;
  readonly tag?: string | undefined;
  readonly cameraIds?: readonly string[] | undefined;
  readonly startMicros?: number | undefined;
  readonly endMicros?: number | undefined;
  readonly limit: number;
}

/** Marked moments. Whoever may see a camera's archive sees its bookmarks; operators write them, and change their own. */
export class BookmarkService {
  readonly #orm: Orm;
  readonly #clock: Clock;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** Newest first; only of cameras whose archive the caller may see. `text` is looked for in title and note. */
  async search(principal: Principal, search: BookmarkSearch): Promise<Bookmark[]> {
    const conditions: (SQL | undefined)[] = [];
    const visible = camerasFor(principal, "archive.view");
    if (visible !== undefined) conditions.push(inArray(bookmarks.cameraId, [...visible]));
    if (search.cameraIds) conditions.push(inArray(bookmarks.cameraId, [...search.cameraIds]));
    if (search.tag !== undefined) conditions.push(arrayContains(bookmarks.tags, [search.tag]));
    if (search.startMicros !== undefined) conditions.push(gte(bookmarks.endMicros, search.startMicros));
    if (search.endMicros !== undefined) conditions.push(lte(bookmarks.startMicros, search.endMicros));
    if (search.text !== undefined && search.text !== "") {
      const pattern = `%${search.text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
      conditions.push(or(ilike(bookmarks.title, pattern), ilike(bookmarks.note, pattern)));
    }
    const rows = await this.#orm
      .select()
      .from(bookmarks)
      .where(and(...conditions))
      .orderBy(desc(bookmarks.startMicros), desc(bookmarks.id))
      .limit(search.limit);
    return rows.filter((row) => can(principal, "archive.view", row.cameraId)).map(toBody);
  }

  /** Throws `camera.not_found`, `evidence.bad_range`. */
  async create(principal: Principal, input: BookmarkInput): Promise<Bookmark> {
    checkRange(principal, "bookmark.write", input);
    const now = toDate(this.#clock.utcMicros());
    const row: Row = {
      ...input,
      tags: [...new Set(input.tags)],
      id: randomUUID(),
      createdBy: principal.userId,
      createdByName: principal.username,
      createdAt: now,
      updatedAt: now,
    };
    await this.#orm.insert(bookmarks).values(row);
    return toBody(row);
  }

  /** Throws `bookmark.not_found`, `auth.forbidden`, as `create`. */
  async update(principal: Principal, id: string, input: BookmarkInput): Promise<Bookmark> {
    await this.#requireOwn(principal, id);
    checkRange(principal, "bookmark.write", input);
    const updatedAt = toDate(this.#clock.utcMicros());
    const [row] = await this.#orm
      .update(bookmarks)
      .set({ ...input, tags: [...new Set(input.tags)], updatedAt })
      .where(eq(bookmarks.id, id))
      .returning();
    if (!row) throw notFound();
    return toBody(row);
  }

  /** Throws `bookmark.not_found`, `auth.forbidden`. */
  async remove(principal: Principal, id: string): Promise<Bookmark> {
    const row = await this.#requireOwn(principal, id);
    await this.#orm.delete(bookmarks).where(eq(bookmarks.id, id));
    return toBody(row);
  }

  /** Supervisors change anybody's; a bookmark of a camera that may not be seen does not exist. */
  async #requireOwn(principal: Principal, id: string): Promise<Row> {
    const [row] = await this.#orm.select().from(bookmarks).where(eq(bookmarks.id, id));
    if (!row || !can(principal, "archive.view", row.cameraId)) throw notFound();
    const own = row.createdBy === principal.userId && can(principal, "bookmark.write", row.cameraId);
    if (!own && !can(principal, "evidence.supervise", row.cameraId)) {
      throw new FluxError("auth.forbidden", "this bookmark belongs to someone else");
    }
    return row;
  }
}

function toBody(row: Row): Bookmark {
  const { id, cameraId, startMicros, endMicros, title, note, tags, createdByName } = row;
  const colour = BOOKMARK_COLOURS.find((known) => known === row.colour) ?? "blue";
  const [createdAt, updatedAt] = [row.createdAt.toISOString(), row.updatedAt.toISOString()];
  return { id, cameraId, startMicros, endMicros, title, note, tags, colour, createdByName, createdAt, updatedAt };
}

function notFound(): FluxError {
  return new FluxError("bookmark.not_found", "there is no such bookmark");
}
