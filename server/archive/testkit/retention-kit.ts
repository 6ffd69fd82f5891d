import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { asc } from "drizzle-orm";
import type { RecordingPolicy } from "../../../shared/api/recording.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros } from "../../../shared/lib/time.ts";
import { effectivePolicy } from "../../../shared/recording/policy.ts";
import { createLog } from "../../core/log.ts";
import {
  cameraEvents,
  evidenceLocks,
  recordingGaps,
  recordingRuns,
  segments,
  settings,
  storageVolumes,
} from "../../db/schema/index.ts";
import type { DatabaseKind, TempDatabase } from "../../testkit/temp-db.ts";
import type { ClockDoubt } from "../believed-clock.ts";
import { writeIndex } from "../index-writer.ts";
import { Retention, type RetentionParts } from "../retention.ts";
import type { SegmentStore } from "../stores/segment-store.ts";
import type { VolumeRow } from "../volume-service.ts";
import { storeOf, volumeRow } from "./volume-row.ts";

export const DAY = 86_400 * 1_000_000;
export const NOW = micros(Date.UTC(2026, 10, 20) * 1000);

/** Two folders with recordings, a day and 1000 bytes a file, and disks that can refuse to let go of them. */
export class RetentionKit {
  readonly database: TempDatabase;
  readonly clock = new SimulatedClock(NOW);
  readonly volumes: readonly VolumeRow[];
  readonly #root: string;
  /** Of the system. */
  policy: RecordingPolicy = {};
  /** Paths, or volumes, of which nothing can be removed. */
  readonly refusing = new Set<string>();
  /** Bytes, by volume. */
  readonly missing = new Map<string, number>();
  readonly refusals: string[] = [];
  readonly doubts: (ClockDoubt | undefined)[] = [];
  stuck = 0;

  private constructor(database: TempDatabase, root: string) {
    this.database = database;
    this.#root = root;
    this.volumes = ["a", "b"].map((name) => volumeRow({ name, location: join(root, name) }));
  }

  static async open(kind: DatabaseKind): Promise<RetentionKit> {
    const kit = new RetentionKit(await kind.open(), await mkdtemp(join(tmpdir(), "fluxvision-retention-")));
    await kit.database.orm.insert(storageVolumes).values([...kit.volumes]);
    return kit;
  }

  async close(): Promise<void> {
    await this.database.close();
    await rm(this.#root, { recursive: true });
  }

  /** As it was opened. */
  async clear(): Promise<void> {
    const { orm } = this.database;
    const tables = [segments, recordingRuns, recordingGaps, cameraEvents, evidenceLocks, settings];
    for (const table of tables) await orm.delete(table);
    this.policy = {};
    this.stuck = 0;
    for (const list of [this.refusing, this.missing]) list.clear();
    for (const list of [this.refusals, this.doubts]) list.length = 0;
  }

  volume(index: number): VolumeRow {
    const row = this.volumes[index];
    if (!row) throw new Error(`no volume ${index}`);
    return row;
  }

  retention(change: Partial<RetentionParts> = {}): Retention {
    return new Retention({
      orm: this.database.orm,
      clock: this.clock,
      log: createLog("silent"),
      policyOf: (id) =>
        effectivePolicy({ id, group: "" }, [{ scope: "system", target: "system", policy: this.policy }]),
      volumes: { rows: this.volumes, isWell: () => true, store: (id) => this.#store(id) },
      missingBytes: ({ id }) => this.missing.get(id) ?? 0,
      onStuck: () => {
        this.stuck++;
      },
      onRefused: (volumeId, error) => {
        const { name } = this.volumes.find(({ id }) => id === volumeId) ?? { name: "?" };
        this.refusals.push(`${name} ${error === undefined ? "well" : "refuses"}`);
      },
      onClock: (doubt) => this.doubts.push(doubt),
      ...change,
    });
  }

  /** Files of the days from so long ago until so long ago; one run. */
  async record(cameraId: string, volumeIndex: number, firstDaysAgo: number, lastDaysAgo = 1): Promise<void> {
    const { id: volumeId, location } = this.volume(volumeIndex);
    const runId = randomUUID();
    const facts = [];
    for (let day = firstDaysAgo; day >= lastDaysAgo; day--) {
      const startMicros = NOW - day * DAY;
      const path = `${cameraId}/day/${startMicros / 1e6}-1`;
      await mkdir(dirname(join(location, path)), { recursive: true });
      await writeFile(join(location, path), "x");
      const counts = { bytes: 1000, frames: 1, keyframes: 1, audioFrames: 0, keyId: 1, codec: 1 };
      const format = { codecString: "avc1", width: 1, height: 1, role: "main" as const };
      const range = { startMicros, endMicros: startMicros + DAY };
      const segment = { volumeId, path, cameraId, streamId: 1, runId, ...range, ...counts, ...format };
      facts.push({ segment, state: "closed" as const });
    }
    await writeIndex(this.database.orm, facts, []);
  }

  async lock(cameraId: string, firstDaysAgo: number, lastDaysAgo: number, change: object = {}): Promise<void> {
    const range = { startMicros: NOW - firstDaysAgo * DAY, endMicros: NOW - lastDaysAgo * DAY };
    const row = { id: randomUUID(), cameraId, ...range, reason: "case", createdByName: "x", createdAt: new Date(0) };
    await this.database.orm.insert(evidenceLocks).values({ ...row, ...change });
  }

  /** How many days ago those began that can be played back; each has its file. */
  async left(volumeIndex?: number): Promise<number[]> {
    const rows = await this.database.orm.select().from(segments).orderBy(asc(segments.startMicros));
    const found = rows.filter(({ state, volumeId }) => {
      return state === "closed" && (volumeIndex === undefined || volumeId === this.volume(volumeIndex).id);
    });
    for (const { volumeId, path } of found) {
      if (!existsSync(this.#file(volumeId, path))) throw new Error(`${path} has no file`);
    }
    return found.map(({ startMicros }) => (NOW - startMicros) / DAY);
  }

  /** How many are marked and still there. */
  async condemned(): Promise<number> {
    const rows = await this.database.orm.select().from(segments);
    return rows.filter(({ state }) => state === "deleting").length;
  }

  #file(volumeId: string, path: string): string {
    return join(this.volumes.find(({ id }) => id === volumeId)?.location ?? "", path);
  }

  #store(volumeId: string): SegmentStore {
    const store = storeOf(this.volumes, volumeId);
    return Object.assign(Object.create(store) as SegmentStore, {
      remove: async (path: string) => {
        if (this.refusing.has(volumeId) || this.refusing.has(path)) {
          throw Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS" });
        }
        await store.remove(path);
      },
    });
  }
}
