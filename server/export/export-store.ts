import { and, asc, desc, eq, inArray, lte } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import { exportJobs } from "../db/schema/index.ts";

export type JobRow = typeof exportJobs.$inferSelect;
type JobState = JobRow["state"];

const MAX_LISTED = 500;

/** Rows of `export_jobs`. */
export class ExportStore {
  readonly #orm: Orm;

  constructor(orm: Orm) {
    this.#orm = orm;
  }

  async insert(row: JobRow): Promise<void> {
    await this.#orm.insert(exportJobs).values(row);
  }

  /** Newest first. */
  list(): Promise<JobRow[]> {
    return this.#orm
      .select()
      .from(exportJobs)
      .orderBy(desc(exportJobs.createdAt), desc(exportJobs.id))
      .limit(MAX_LISTED);
  }

  async get(id: string): Promise<JobRow | undefined> {
    const [row] = await this.#orm.select().from(exportJobs).where(eq(exportJobs.id, id));
    return row;
  }

  /** In the order in which they run. */
  queued(): Promise<JobRow[]> {
    return this.withState(["queued"]);
  }

  withState(states: readonly JobState[]): Promise<JobRow[]> {
    return this.#orm
      .select()
      .from(exportJobs)
      .where(inArray(exportJobs.state, [...states]))
      .orderBy(asc(exportJobs.createdAt), asc(exportJobs.id));
  }

  expired(now: Date): Promise<JobRow[]> {
    return this.#orm
      .select()
      .from(exportJobs)
      .where(and(eq(exportJobs.state, "done"), lte(exportJobs.expiresAt, now)));
  }

  /** Changes the row if it is in one of the states; false: it was not. */
  async move(id: string, from: readonly JobState[], set: Partial<JobRow>): Promise<boolean> {
    const rows = await this.#orm
      .update(exportJobs)
      .set(set)
      .where(and(eq(exportJobs.id, id), inArray(exportJobs.state, [...from])))
      .returning({ id: exportJobs.id });
    return rows.length > 0;
  }

  async remove(id: string): Promise<void> {
    await this.#orm.delete(exportJobs).where(eq(exportJobs.id, id));
  }
}
