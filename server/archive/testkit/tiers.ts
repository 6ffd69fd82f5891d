import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordingPolicy } from "../../../shared/api/recording.ts";
import { loadFluxCrypto } from "../../../shared/crypto/load-node.ts";
import { FrameOpener } from "../../../shared/evidence/frame-opener.ts";
import { type Clock, systemClock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { effectivePolicy } from "../../../shared/recording/policy.ts";
import { createLog } from "../../core/log.ts";
import { segmentMoves, segments } from "../../db/schema/index.ts";
import type { SegmentFact } from "../../ingest/protocol.ts";
import { type Keys, openKeys } from "../../keys/open-keys.ts";
import type { DatabaseKind, TempDatabase } from "../../testkit/temp-db.ts";
import { ArchiveCheck, type CheckReport } from "../check.ts";
import { writeIndex } from "../index-writer.ts";
import { Mover, type MoverParts, UNDO_MS } from "../mover.ts";
import { recover } from "../recovery.ts";
import { VolumeService } from "../volume-service.ts";
import { type BucketServer, CREDENTIALS, startBucketServer } from "./bucket-server.ts";
import { type SegmentFileOptions, writeSegmentFile } from "./segment-file.ts";

export const DAY = 86_400_000_000;
const log = createLog("silent");

/** A hot and a warm folder and a bucket, on a real database. Buckets do not take requests of another time, so it is now. */
export class Tiers {
  readonly database: TempDatabase;
  readonly clock: Clock;
  readonly bucket: BucketServer;
  readonly volumes: VolumeService;
  readonly ids: { readonly hot: string; readonly warm: string; readonly cold: string };
  /** Of the system. */
  policy: RecordingPolicy = {};
  /** What goes to the bucket passes here. */
  fetch: typeof fetch = globalThis.fetch;
  readonly #root: string;
  readonly #keys: Keys;
  readonly #now: number;

  private constructor(
    parts: Pick<Tiers, "database" | "clock" | "bucket" | "volumes" | "ids"> & { root: string; keys: Keys },
  ) {
    this.database = parts.database;
    this.clock = parts.clock;
    this.bucket = parts.bucket;
    this.volumes = parts.volumes;
    this.ids = parts.ids;
    this.#root = parts.root;
    this.#keys = parts.keys;
    this.#now = Math.floor(parts.clock.utcMicros() / 1e6) * 1e6;
  }

  static async open(kind: DatabaseKind): Promise<Tiers> {
    const database = await kind.open();
    const root = await mkdtemp(join(tmpdir(), "fluxvision-tiers-"));
    // Waits between tries pass quickly; the time that undoing a copy is given does not.
    const real = systemClock();
    const clock: Clock = {
      ...real,
      after: (delay, run) =>
        real.after(delay < 9000 && delay !== UNDO_MS ? ((delay / 50) as typeof delay) : delay, run),
    };
    const keys = await openKeys({ orm: database.orm, rootKey: randomBytes(32), clock, log });
    const bucket = await startBucketServer();
    let self: Tiers | undefined;
    const volumes = new VolumeService({
      orm: database.orm,
      clock,
      sealer: keys.sealer,
      random: Math.random,
      fetch: (...request) => (self?.fetch ?? globalThis.fetch)(...request),
      checkUrl: () => undefined,
      defaultFolder: join(root, "hot"),
      isWritten: () => false,
      onChange: () => undefined,
      onAlarm: () => undefined,
    });
    await volumes.start();
    const warm = await volumes.create({
      name: "NAS",
      kind: "local",
      tier: "warm",
      location: join(root, "warm"),
      reserveBytes: 0,
    });
    const place = { name: "Bucket", kind: "s3", tier: "cold", location: `${bucket.location}/site` } as const;
    const cold = await volumes.create({ ...place, ...CREDENTIALS, reserveBytes: 0 });
    const hot = volumes.rows.find(({ tier }) => tier === "hot")?.id ?? "";
    self = new Tiers({ database, clock, bucket, volumes, ids: { hot, warm, cold }, root, keys });
    return self;
  }

  async close(): Promise<void> {
    await this.volumes.close();
    await this.#keys.close();
    await this.database.close();
    await this.bucket.close();
    await rm(this.#root, { recursive: true });
  }

  folder(tier: "hot" | "warm"): string {
    return join(this.#root, tier);
  }

  mover(change: Partial<MoverParts> = {}): Mover {
    return new Mover({
      orm: this.database.orm,
      clock: this.clock,
      log,
      policyOf: (id) =>
        effectivePolicy({ id, group: "" }, [{ scope: "system", target: "system", policy: this.policy }]),
      volumes: this.volumes,
      onMoved: () => undefined,
      ...change,
    });
  }

  /** A closed recording on the hot volume, so many days old. */
  async record(daysOld: number, options: Partial<SegmentFileOptions> = {}): Promise<SegmentFact> {
    const startMicros = this.#now - daysOld * DAY;
    const segment = await writeSegmentFile(this.folder("hot"), this.ids.hot, { startMicros, ...options });
    await writeIndex(this.database.orm, [{ segment, state: "closed" }], []);
    return segment;
  }

  /** Where each recording is by the index, oldest first: its tier and state. */
  async places(): Promise<string[]> {
    const rows = await this.database.orm.select().from(segments).orderBy(segments.startMicros);
    return rows.map(({ volumeId, state }) => `${this.volumes.byId(volumeId)?.tier ?? "?"} ${state}`);
  }

  /** Files and objects, marker and folders left out. */
  async files(): Promise<Record<"hot" | "warm" | "cold", string[]>> {
    const within = async (tier: "hot" | "warm"): Promise<string[]> => {
      const found = await readdir(this.folder(tier), { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => entry.isFile() && entry.name !== ".fluxvision-volume")
        .map(({ name }) => name)
        .sort();
    };
    const cold: string[] = [];
    for await (const page of this.volumes.store(this.ids.cold).list()) {
      cold.push(...page.map(({ path }) => path.split("/").at(-1) ?? ""));
    }
    return { hot: await within("hot"), warm: await within("warm"), cold: cold.sort() };
  }

  moves(): Promise<number> {
    return this.database.orm.$count(segmentMoves);
  }

  recover(): ReturnType<typeof recover> {
    return recover(this.database.orm, this.volumes, log);
  }

  /** No tags: the frames are not truly sealed. */
  async check(options: { repair?: boolean } = {}): Promise<CheckReport["findings"]> {
    const opener = new FrameOpener(await loadFluxCrypto(), async () => {
      throw new FluxError("keys.unknown", "no keys here");
    });
    const check = new ArchiveCheck(this.database.orm, this.volumes, {
      repair: options.repair ?? false,
      full: false,
      opener,
    });
    const { findings } = await check.run();
    opener.close();
    return findings.filter(({ kind }) => kind !== "no-key");
  }
}
