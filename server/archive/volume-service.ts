import { randomUUID } from "node:crypto";
import { isAbsolute, resolve } from "node:path";
import { asc, count, eq, or, sql, sum } from "drizzle-orm";
import type { z } from "zod";
import type { StorageVolume, storageVolumeBody } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { sqlState } from "../db/errors.ts";
import { segmentMoves, segments, storageVolumes } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { RecordingVolume } from "../ingest/protocol.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import type { S3Credentials } from "./s3/s3-request.ts";
import { createStore, openCredentials, type StoreParts, sealCredentials } from "./stores/create-store.ts";
import type { SegmentStore } from "./stores/segment-store.ts";
import { VolumeHealth, type VolumeState } from "./volume-health.ts";

export type VolumeInput = z.input<typeof storageVolumeBody>;
export type VolumeRow = typeof storageVolumes.$inferSelect;

export interface VolumeServiceParts extends StoreParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly sealer: FieldSealer;
  /** Where recordings go when nobody says anything else. */
  readonly defaultFolder: string;
  /** A file is being written there, or the index has still to be told of one. */
  readonly isWritten: (volumeId: string) => boolean;
  /** Volumes or their states changed. */
  readonly onChange: () => void;
  /** A volume left, or came back to, a state in which it takes recordings. */
  readonly onAlarm: (volume: VolumeRow, state: VolumeState, detail: string | undefined) => void;
}

const DAY_MICROS = 86_400_000_000;
const DEFAULT_RESERVE_BYTES = 1_000_000_000;
/** A recorder has heard by then that the volume is off, and has told of every file that it had begun there. */
const SETTLED_MS = 10_000;
/** Brought below the limit by so many percent, so that it is not reached again at once. */
const SLACK_PERCENT = 2;

/** Folders and buckets that hold recordings: known, marked as ours, watched. */
export class VolumeService {
  readonly #parts: VolumeServiceParts;
  readonly #health: VolumeHealth;
  #rows: VolumeRow[] = [];
  #stores = new Map<string, SegmentStore>();
  /** When a volume was turned off, monotonic. Those that were off at the start never were on in this run. */
  readonly #offSinceMs = new Map<string, number>();

  constructor(parts: VolumeServiceParts) {
    this.#parts = parts;
    this.#health = new VolumeHealth({
      clock: parts.clock,
      rows: () => this.#rows,
      store: (id) => this.store(id),
      onAlarm: parts.onAlarm,
    });
  }

  /** Makes the default volume on an empty database. Throws when its folder cannot be made or belongs to another server. */
  async start(): Promise<void> {
    const { orm, clock, defaultFolder } = this.#parts;
    await this.#load();
    if (this.#rows.length === 0) {
      const createdAt = toDate(clock.utcMicros());
      const common = { id: randomUUID(), name: "Recordings", kind: "local", tier: "hot", createdAt } as const;
      const place = { location: defaultFolder, reserveBytes: DEFAULT_RESERVE_BYTES };
      const [row] = await orm.transaction(async (transaction) => {
        const made = await transaction
          .insert(storageVolumes)
          .values({ ...common, ...place })
          .returning();
        if (made[0]) await createStore(made[0], undefined, this.#parts).claim();
        return made;
      });
      if (row) await this.#load();
    }
    await this.look();
    this.#health.start();
  }

  async close(): Promise<void> {
    this.#health.close();
  }

  get rows(): readonly VolumeRow[] {
    return this.#rows;
  }

  byId(id: string): VolumeRow | undefined {
    return this.#rows.find((row) => row.id === id);
  }

  /** Throws `storage.not_found`, `storage.no_credentials`, `keys.*`. */
  store(id: string): SegmentStore {
    const known = this.#stores.get(id);
    if (known) return known;
    const row = this.byId(id);
    if (!row) throw notFound();
    const store = createStore(row, openCredentials(row, this.#parts.sealer), this.#parts);
    this.#stores.set(id, store);
    return store;
  }

  /** It can be read and written now, as far as is known. */
  isWell(id: string): boolean {
    return this.#health.isThere(id);
  }

  /** Until the reserve is reached; undefined: no limit is known. */
  roomBytes({ id, reserveBytes }: VolumeRow): number | undefined {
    const free = this.#health.of(id)?.freeBytes;
    return free === undefined ? undefined : Math.max(0, free - reserveBytes);
  }

  /** To be moved on so that the volume is no fuller than its settings say; 0: nothing. */
  overfullBytes({ id, moveAtPercent }: VolumeRow): number {
    const { totalBytes, freeBytes } = this.#health.of(id) ?? {};
    if (moveAtPercent === null || totalBytes === undefined || freeBytes === undefined) return 0;
    const used = totalBytes - freeBytes;
    if (used <= (totalBytes * moveAtPercent) / 100) return 0;
    return Math.ceil(used - (totalBytes * Math.max(0, moveAtPercent - SLACK_PERCENT)) / 100);
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
    const free = this.#health.of(id)?.freeBytes;
    return free === undefined || free >= reserveBytes ? 0 : Math.ceil(reserveBytes * 1.05) - free;
  }

  /** What somebody found who uses it: who writes there, or retention. */
  found(volumeId: string, state: VolumeState, detail: string | undefined, by: "writer" | "retention" = "writer"): void {
    const row = this.byId(volumeId);
    if (row) this.#health.found(row, state, detail, by);
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
      const health = this.#health.of(row.id);
      const worst = this.#health.worst(row.id);
      const use = used.find(({ volumeId }) => volumeId === row.id);
      const perDay = Number(use?.lastDay ?? 0);
      const left = health?.freeBytes === undefined ? undefined : Math.max(0, health.freeBytes - row.reserveBytes);
      const { credentialsSealed, createdAt: _createdAt, region, ...settings } = row;
      return {
        ...settings,
        region: region ?? undefined,
        hasCredentials: credentialsSealed !== null,
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

  /** `id`: of a volume that is brought back. Throws `storage.bad_location`, `storage.taken`, `storage.other_volume`. */
  async create(input: VolumeInput, id: string = randomUUID()): Promise<string> {
    const values = await this.#values(id, input, undefined);
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
    const set = await this.#values(id, input, before);
    await this.#parts.orm.update(storageVolumes).set(set).where(eq(storageVolumes.id, id));
    if (before.enabled && set.enabled === false) this.#offSinceMs.set(id, this.#parts.clock.monotonicMs());
    await this.#changed();
  }

  /**
   * A volume to which recordings go has no row of a file in its first seconds: it is turned off first. Throws
   * `storage.not_found`, `storage.not_off`, `storage.still_written`, `storage.in_use`.
   */
  async remove(id: string): Promise<void> {
    const row = this.byId(id);
    if (!row) throw notFound();
    const { orm, clock, isWritten } = this.#parts;
    if ((await this.#segmentsOn(id)) > 0) throw inUse();
    if (row.tier === "hot" && row.enabled)
      throw new FluxError("storage.not_off", "recordings go there: turn it off first");
    const settled = clock.monotonicMs() - (this.#offSinceMs.get(id) ?? Number.NEGATIVE_INFINITY) >= SETTLED_MS;
    if (!settled || isWritten(id)) {
      throw new FluxError("storage.still_written", "what was being recorded there is still being ended");
    }
    try {
      await orm.delete(storageVolumes).where(eq(storageVolumes.id, id));
    } catch (error) {
      // A recording came meanwhile.
      throw sqlState(error) === "23503" ? inUse() : error;
    }
    this.#offSinceMs.delete(id);
    await this.#changed();
  }

  /** Looks at every volume. Never rejects. */
  look(): Promise<void> {
    return this.#health.look();
  }

  /** What is to be stored, and the place made ours. */
  async #values(id: string, input: VolumeInput, before: VolumeRow | undefined) {
    const { accessKeyId, secretAccessKey, kind, location: given, region, ...rest } = input;
    if (kind === "s3" && rest.tier === "hot") {
      throw new FluxError("storage.bad_location", "a bucket cannot be hot", { field: "tier" });
    }
    if (kind === "local" && !isAbsolute(given)) {
      throw new FluxError("storage.bad_location", "must be an absolute path", { field: "location" });
    }
    if (kind === "s3") this.#parts.checkUrl(given);
    const fresh: S3Credentials | undefined =
      kind === "s3" && accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
    const { sealer } = this.#parts;
    const credentials = fresh ?? (before && kind === "s3" ? openCredentials(before, sealer) : undefined);
    const location = kind === "local" ? resolve(given) : given.replace(/\/+$/, "");
    const place = { kind, location, region: region ?? null, pathStyle: rest.pathStyle ?? true };
    const store = createStore({ id, ...place }, credentials, this.#parts);
    // The empty folder that an unmounted disk leaves behind is not made ours in its place.
    if (before?.location !== location || before.kind !== kind) await store.claim();
    else if (fresh) await store.probe();
    // Left out: the credentials stay.
    const credentialsSealed = fresh ? sealCredentials(id, fresh, sealer) : (before?.credentialsSealed ?? null);
    return { ...rest, ...place, reserveBytes: rest.reserveBytes ?? DEFAULT_RESERVE_BYTES, credentialsSealed };
  }

  /** With those that are on their way, and files that still have to be removed. */
  async #segmentsOn(id: string): Promise<number> {
    const { orm } = this.#parts;
    const moving = or(eq(segmentMoves.fromVolumeId, id), eq(segmentMoves.toVolumeId, id));
    return (await orm.$count(segments, eq(segments.volumeId, id))) + (await orm.$count(segmentMoves, moving));
  }

  async #load(): Promise<void> {
    this.#rows = await this.#parts.orm
      .select()
      .from(storageVolumes)
      .orderBy(asc(storageVolumes.priority), asc(storageVolumes.createdAt), asc(storageVolumes.id));
    this.#stores = new Map();
  }

  async #changed(): Promise<void> {
    await this.#load();
    this.#parts.onChange();
    await this.look();
  }
}

function inUse(): FluxError {
  return new FluxError("storage.in_use", "recordings lie there: turn it off and wait until they are gone");
}

function notFound(): FluxError {
  return new FluxError("storage.not_found", "there is no such volume");
}
