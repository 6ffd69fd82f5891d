import { randomUUID } from "node:crypto";
import { mkdir, readFile, statfs, writeFile } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { asc, count, eq, sql, sum } from "drizzle-orm";
import type { z } from "zod";
import type { StorageVolume, storageVolumeBody, VOLUME_STATES } from "../../shared/api/recording.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { segments, storageVolumes } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { RecordingVolume } from "../ingest/protocol.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import { MARKER_FILE } from "../record/volume-io.ts";

export type VolumeInput = z.infer<typeof storageVolumeBody>;
export type VolumeRow = typeof storageVolumes.$inferSelect;
type State = (typeof VOLUME_STATES)[number];

export interface VolumeServiceParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sealer: FieldSealer;
  /** Where recordings go when nobody says anything else. */
  readonly defaultFolder: string;
  /** Volumes or their states changed. */
  readonly onChange: () => void;
  /** A volume left, or came back to, a state in which it takes recordings. */
  readonly onAlarm: (volume: VolumeRow, state: State, detail: string | undefined) => void;
}

interface Health {
  readonly state: State;
  readonly detail: string | undefined;
  readonly totalBytes: number | undefined;
  readonly freeBytes: number | undefined;
}

const LOOK_EVERY_MS = millis(10_000);
const DAY_MICROS = 86_400_000_000;

/** Folders (and buckets) that hold recordings: known, marked as ours, watched. */
export class VolumeService {
  readonly #parts: VolumeServiceParts;
  readonly #health = new Map<string, Health>();
  /** What the workers found, which write there. */
  readonly #found = new Map<string, { state: State; detail: string | undefined }>();
  #rows: VolumeRow[] = [];
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;

  constructor(parts: VolumeServiceParts) {
    this.#parts = parts;
  }

  /** Makes the default volume on an empty database. Throws when its folder cannot be made or belongs to another server. */
  async start(): Promise<void> {
    const { orm, clock, defaultFolder } = this.#parts;
    await this.#load();
    if (this.#rows.length === 0) {
      const common = { id: randomUUID(), name: "Recordings", kind: "local", tier: "hot" } as const;
      const createdAt = toDate(clock.utcMicros());
      const row = { ...common, location: defaultFolder, reserveBytes: 1_000_000_000, createdAt };
      await this.#claim(row.id, defaultFolder);
      await orm.insert(storageVolumes).values(row);
      await this.#load();
    }
    await this.look();
    this.#timer = clock.every(LOOK_EVERY_MS, () => void this.look());
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#looking;
  }

  get rows(): readonly VolumeRow[] {
    return this.#rows;
  }

  byId(id: string): VolumeRow | undefined {
    return this.#rows.find((row) => row.id === id);
  }

  /** Hot local volumes, in the order asked for, else by priority. Those that fail now are left to the recorder to skip. */
  forRecording(ids: readonly string[] | null): RecordingVolume[] {
    const hot = this.#rows.filter(({ kind, tier, enabled }) => kind === "local" && tier === "hot" && enabled);
    const chosen = ids ? ids.flatMap((id) => hot.find((row) => row.id === id) ?? []) : hot;
    return (chosen.length > 0 ? chosen : hot).map(({ id, location, reserveBytes }) => {
      return { id, path: location, reserveBytes };
    });
  }

  /** To be freed so that the reserve is kept, and some more, so that it lasts. */
  missingBytes({ id, reserveBytes }: VolumeRow): number {
    const free = this.#health.get(id)?.freeBytes;
    return free === undefined || free >= reserveBytes ? 0 : Math.ceil(reserveBytes * 1.05) - free;
  }

  /** What a worker that writes there found. */
  found(volumeId: string, state: State, detail: string | undefined): void {
    this.#found.set(volumeId, { state, detail });
    const row = this.byId(volumeId);
    if (row) this.#parts.onAlarm(row, state, detail);
  }

  async list(): Promise<StorageVolume[]> {
    const since = this.#parts.clock.utcMicros() - DAY_MICROS;
    const used = await this.#parts.orm
      .select({
        volumeId: segments.volumeId,
        bytes: sum(segments.bytes).mapWith(Number),
        segments: count(),
        lastDay: sql<string>`coalesce(sum(${segments.bytes}) filter (where ${segments.startMicros} >= ${since}), 0)`,
      })
      .from(segments)
      .groupBy(segments.volumeId);
    return this.#rows.map((row) => {
      const health = this.#health.get(row.id);
      const worst = this.#worst(row.id);
      const use = used.find(({ volumeId }) => volumeId === row.id);
      const perDay = Number(use?.lastDay ?? 0);
      const left = health?.freeBytes === undefined ? undefined : Math.max(0, health.freeBytes - row.reserveBytes);
      const { id, name, kind, tier, location, reserveBytes, priority, enabled } = row;
      return {
        ...{ id, name, kind, tier, location, reserveBytes, priority, enabled },
        state: worst.state,
        stateDetail: worst.detail ?? null,
        totalBytes: health?.totalBytes ?? null,
        freeBytes: health?.freeBytes ?? null,
        usedBytes: use?.bytes ?? 0,
        segments: use?.segments ?? 0,
        daysLeft: left === undefined || perDay === 0 ? null : Math.round((left / perDay) * 10) / 10,
      };
    });
  }

  /** Throws `storage.bad_location`, `storage.taken`, `storage.other_volume`. */
  async create(input: VolumeInput): Promise<string> {
    const id = randomUUID();
    const values = await this.#values(id, input);
    const [row] = await this.#parts.orm
      .insert(storageVolumes)
      .values({ ...values, id, createdAt: toDate(this.#parts.clock.utcMicros()) })
      .onConflictDoNothing()
      .returning({ id: storageVolumes.id });
    if (!row) throw new FluxError("storage.taken", "this location is a volume already", { field: "location" });
    await this.#changed();
    return id;
  }

  /** The location of a volume with recordings stays. Throws `storage.not_found`, `storage.in_use`, as `create`. */
  async update(id: string, input: VolumeInput): Promise<void> {
    const before = this.byId(id);
    if (!before) throw notFound();
    const moved = before.location !== input.location || before.kind !== input.kind;
    if (moved && (await this.#segmentsOn(id)) > 0) {
      throw new FluxError("storage.in_use", "recordings lie there: add a new volume instead", { field: "location" });
    }
    const values = await this.#values(id, input);
    const { credentialsSealed, ...rest } = values;
    // Left out: the credentials stay.
    const set = credentialsSealed === null ? rest : values;
    await this.#parts.orm.update(storageVolumes).set(set).where(eq(storageVolumes.id, id));
    await this.#changed();
  }

  /** Throws `storage.not_found`, `storage.in_use`. */
  async remove(id: string): Promise<void> {
    if (!this.byId(id)) throw notFound();
    if ((await this.#segmentsOn(id)) > 0) {
      throw new FluxError("storage.in_use", "recordings lie there: turn it off and wait until they are gone");
    }
    await this.#parts.orm.delete(storageVolumes).where(eq(storageVolumes.id, id));
    await this.#changed();
  }

  /** Looks at every volume. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    for (const row of this.#rows) {
      if (row.kind !== "local") continue;
      const before = this.#worst(row.id).state;
      this.#health.set(row.id, await health(row));
      const { state, detail } = this.#worst(row.id);
      if (state !== before) this.#parts.onAlarm(row, state, detail);
    }
  }

  #worst(id: string): { readonly state: State; readonly detail: string | undefined } {
    const found = this.#found.get(id);
    const seen = this.#health.get(id);
    if (found && found.state !== "ok") return found;
    return { state: seen?.state ?? "ok", detail: seen?.detail };
  }

  async #values(id: string, input: VolumeInput) {
    const { accessKeyId, secretAccessKey, kind, location: given, ...rest } = input;
    if (kind === "local") {
      if (!isAbsolute(given)) throw badLocation("an absolute path");
      const location = resolve(given);
      await this.#claim(id, location);
      return { ...rest, kind, location, credentialsSealed: null };
    }
    if (rest.tier === "hot") throw new FluxError("storage.bad_location", "a bucket cannot be hot", { field: "tier" });
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) throw badLocation("http(s)://host/bucket");
    const credentials = accessKeyId && secretAccessKey ? JSON.stringify({ accessKeyId, secretAccessKey }) : undefined;
    const sealed = credentials && this.#parts.sealer.seal(`storage_volumes.credentials_sealed|${id}`, credentials);
    return { ...rest, kind, location: given, credentialsSealed: sealed ?? null };
  }

  /** Makes the folder ours: an empty one, or one that is marked with this id already. */
  async #claim(id: string, folder: string): Promise<void> {
    const marker = join(folder, MARKER_FILE);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(marker, `${id}\n`, { flag: "wx", mode: 0o600, flush: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
        throw new FluxError("storage.bad_location", describeError(cause), { field: "location", cause });
      }
      const found = (await readFile(marker, "utf8")).trim();
      if (found === id) return;
      throw new FluxError("storage.other_volume", "the folder belongs to another volume or server", {
        field: "location",
      });
    }
  }

  #segmentsOn(id: string): Promise<number> {
    return this.#parts.orm.$count(segments, eq(segments.volumeId, id));
  }

  async #load(): Promise<void> {
    this.#rows = await this.#parts.orm
      .select()
      .from(storageVolumes)
      .orderBy(asc(storageVolumes.priority), asc(storageVolumes.createdAt), asc(storageVolumes.id));
  }

  async #changed(): Promise<void> {
    await this.#load();
    this.#parts.onChange();
    await this.look();
  }
}

async function health({ id, location, reserveBytes }: VolumeRow): Promise<Health> {
  try {
    const marker = (await readFile(join(location, MARKER_FILE), "utf8")).trim();
    if (marker !== id) return none("missing", "another volume is mounted there");
    const { blocks, bavail, bsize } = await statfs(location);
    const [totalBytes, freeBytes] = [blocks * bsize, bavail * bsize];
    const full = freeBytes < reserveBytes;
    return { state: full ? "full" : "ok", detail: full ? "the reserve is reached" : undefined, totalBytes, freeBytes };
  } catch (error) {
    return none("missing", describeError(error));
  }
}

function none(state: State, detail: string): Health {
  return { state, detail, totalBytes: undefined, freeBytes: undefined };
}

function badLocation(wanted: string): FluxError {
  return new FluxError("storage.bad_location", `must be ${wanted}`, { field: "location" });
}

function notFound(): FluxError {
  return new FluxError("storage.not_found", "there is no such volume");
}
