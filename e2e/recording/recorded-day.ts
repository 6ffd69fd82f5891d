import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asc } from "drizzle-orm";
import { ArchiveCheck, type CheckReport } from "../../server/archive/check.ts";
import { IndexWriter } from "../../server/archive/index-writer.ts";
import { LastingGaps } from "../../server/archive/lasting-gaps.ts";
import { recover } from "../../server/archive/recovery.ts";
import { stopsBefore } from "../../server/archive/stops.ts";
import { VolumeService } from "../../server/archive/volume-service.ts";
import { createLog } from "../../server/core/log.ts";
import { recordingGaps, segments } from "../../server/db/schema/index.ts";
import { orderItems } from "../../server/export/export-order.ts";
import type { ExportItem } from "../../server/export/protocol.ts";
import { runExport } from "../../server/export/run-export.ts";
import { newSigningKey } from "../../server/export/signing-key.ts";
import { Ingest } from "../../server/ingest/ingest.ts";
import type { FromIngest, RecordingPlan } from "../../server/ingest/protocol.ts";
import { FakeCameras, settle } from "../../server/ingest/testing/fake-pull.ts";
import { type Keys, openKeys } from "../../server/keys/open-keys.ts";
import { frameHeaders, openFileSource } from "../../server/record/segment-reader.ts";
import { FaultyIo } from "../../server/record/testkit/faulty-io.ts";
import { embedded, type TempDatabase } from "../../server/testkit/temp-db.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { FrameOpener } from "../../shared/evidence/frame-opener.ts";
import { sign } from "../../shared/evidence/signature.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { effectivePolicy } from "../../shared/recording/policy.ts";
import type { DayFootage } from "./day-footage.ts";

export const CAMERA = "6f1f6a0e-3b0d-4a38-9d0a-0d6d2d6f7a11";
const STREAM = 1;
/** 2026-11-20 10:00 UTC: the day has a midnight in it, where the key and the folder change. */
export const START = micros(Date.UTC(2026, 10, 20, 10) * 1000);
/** Time-lapse: so many milliseconds of the day from picture to picture. */
export const INTERVAL_MS = 800;
const FLUSH_MS = 30_000;
const log = createLog("silent");

/** What a filmed picture meets on its way. */
export type Line = "up" | "losing" | "silent" | "down";

export interface Filmed {
  /** Names the picture, on disk too. */
  readonly pts: number;
  readonly atMicros: number;
}

/**
 * A day of one camera in minutes, through everything between the camera's connection and the package of an export: the
 * real ingest, sealing, recorder, index and recovery, with the clock in the test's hands.
 */
export class RecordedDay {
  readonly filmed: Filmed[] = [];
  readonly io = new FaultyIo();
  line: Line = "up";
  keysAnswer = true;
  readonly #footage: DayFootage;
  readonly #folder: string;
  readonly #database: TempDatabase;
  readonly #keys: Keys;
  readonly #clock: SimulatedClock;
  readonly #volumes: VolumeService;
  readonly #cameras = new FakeCameras();
  readonly #answers = new Set<Promise<void>>();
  #deferred: (() => void)[] = [];
  #index: IndexWriter | undefined;
  #gaps: LastingGaps | undefined;
  #ingest: Ingest | undefined;
  #generation = 0;
  #afterLoss = false;

  private constructor(parts: {
    footage: DayFootage;
    folder: string;
    database: TempDatabase;
    keys: Keys;
    clock: SimulatedClock;
    volumes: VolumeService;
  }) {
    this.#footage = parts.footage;
    this.#folder = parts.folder;
    this.#database = parts.database;
    this.#keys = parts.keys;
    this.#clock = parts.clock;
    this.#volumes = parts.volumes;
  }

  static async open(footage: DayFootage): Promise<RecordedDay> {
    const database = await embedded.open();
    const clock = new SimulatedClock(START);
    const keys = await openKeys({ orm: database.orm, rootKey: randomBytes(32), clock, log });
    const folder = await mkdtemp(join(tmpdir(), "fluxvision-day-"));
    const volumes = new VolumeService({
      // Disks live in real time.
      ...{ orm: database.orm, clock: systemClock(), sealer: keys.sealer, random: Math.random },
      ...{ fetch: globalThis.fetch, checkUrl: () => undefined, defaultFolder: join(folder, "storage") },
      ...{ isWritten: () => false, onChange: () => undefined, onAlarm: () => undefined },
    });
    await volumes.start();
    const day = new RecordedDay({ footage, folder, database, keys, clock, volumes });
    await day.startServer();
    // The day begins when the camera is there, with a keyframe.
    while (day.#cameras.open.length === 0) {
      clock.advance(millis(100));
      await day.#idle();
    }
    return day;
  }

  get volumeFolder(): string {
    return this.#volumes.rows[0]?.location ?? "";
  }

  async startServer(): Promise<void> {
    const { orm } = this.#database;
    await recover(orm, this.#volumes, log);
    const index = new IndexWriter(orm, this.#clock, log);
    const gaps = new LastingGaps(this.#clock, (gap) => index.takeGap(gap));
    const policy = effectivePolicy({ id: CAMERA, group: "" }, []);
    const stream = { cameraId: CAMERA, streamId: STREAM, policy, emergencyMicros: undefined };
    for (const gap of await stopsBefore(orm, [stream], this.#clock.utcMicros())) gaps.begin(gap);
    this.#index = index;
    this.#gaps = gaps;
    await this.#keys.generations.record(++this.#generation);
    this.#ingest = new Ingest({
      ...{ generation: this.#generation, clock: this.#clock, random: () => 0.5, io: this.io },
      crypto: await loadFluxCrypto(),
      startPull: (options, handlers) => {
        const pull = this.#cameras.start(options, handlers);
        handlers.onSession({ transport: "tcp", server: "day" });
        handlers.onFormat(this.#footage.format, undefined);
        return pull;
      },
      send: (message) => this.#take(message, this.#generation),
      defer: (run) => this.#deferred.push(run),
      sleep: () => undefined,
      onFatal: (error) => {
        throw error;
      },
    });
    this.#ingest.handle({ type: "recording", plans: [this.#plan()], flushMs: FLUSH_MS });
    const access = { username: undefined, password: undefined, transport: "auto", allowUntrustedCertificate: false };
    const streams = [{ streamId: STREAM, role: "main" as const, url: "rtsp://camera/main" }];
    this.#ingest.handle({
      type: "put-camera",
      camera: { id: CAMERA, name: "Gate", enabled: true, ...access, transport: "auto", streams },
    });
    await this.#idle();
  }

  async stopServer(): Promise<void> {
    await this.#ingest?.close();
    this.#ingest = undefined;
    this.#gaps?.close();
    await this.#index?.close();
    await this.#idle();
  }

  /** The camera films on for so long. */
  async pass(seconds: number): Promise<void> {
    const count = Math.round((seconds * 1000) / INTERVAL_MS);
    for (let i = 0; i < count; i++) {
      this.#film();
      // In steps, so that no disk seems to stand still.
      for (let half = 0; half < 2; half++) {
        this.#clock.advance(millis(INTERVAL_MS / 2));
        await this.#idle();
      }
    }
  }

  /** The network loses the last picture before a keyframe: a short hole. */
  async loseOne(): Promise<void> {
    const { frames } = this.#footage;
    while (!frames[(this.filmed.length + 1) % frames.length]?.keyframe) await this.pass(INTERVAL_MS / 1000);
    this.line = "losing";
    await this.pass(INTERVAL_MS / 1000);
    this.line = "up";
  }

  /** The connection breaks, and none is to be had until `line` is up again. */
  hangUp(): void {
    this.line = "down";
    this.#cameras.refuse = new FluxError("rtsp.refused", "nobody is there");
    for (const pull of this.#cameras.open) pull.fail("rtsp.closed");
  }

  comeBack(): void {
    this.line = "up";
    this.#cameras.refuse = undefined;
  }

  /** The pictures that are on disk (by `pts`), in order of the files. */
  async stored(): Promise<{ pictures: number[]; files: number; bytes: number }> {
    const rows = await this.#database.orm.select().from(segments).orderBy(asc(segments.startMicros));
    const pictures: number[] = [];
    let bytes = 0;
    for (const { path } of rows) {
      const source = await openFileSource(join(this.volumeFolder, path));
      bytes += source.bytes;
      for await (const { header } of frameHeaders(source)) pictures.push(header.pts);
      await source.close();
    }
    return { pictures, files: rows.length, bytes };
  }

  gaps() {
    return this.#database.orm.select().from(recordingGaps).orderBy(asc(recordingGaps.startMicros));
  }

  async check(): Promise<CheckReport> {
    const opener = new FrameOpener(await loadFluxCrypto(), ({ cameraId, keyId, generation, epoch }) =>
      this.#keys.service.epochKey(cameraId, keyId, generation, epoch),
    );
    try {
      const volumes = { rows: this.#volumes.rows, store: (id: string) => this.#volumes.store(id) };
      return await new ArchiveCheck(this.#database.orm, volumes, { repair: false, full: true, opener }).run();
    } finally {
      opener.close();
    }
  }

  /** The whole day as MP4; returns the package's path. */
  async export(): Promise<string> {
    const packagePath = join(this.#folder, "day.zip");
    const range = { startMicros: START, endMicros: this.#clock.utcMicros() };
    const item = { cameraId: CAMERA, role: "main" as const, ...range, note: "" };
    const sources = { orm: this.#database.orm, openSegments: () => new Map(), cameraName: () => "Gate" };
    const items: ExportItem[] = await orderItems(sources, { title: "A day", format: "mp4", items: [item] } as never);
    const signing = await newSigningKey();
    await mkdir(`${packagePath}.part`, { recursive: true });
    await runExport(
      {
        ...{ jobId: randomUUID(), workFolder: `${packagePath}.part`, packagePath, title: "A day", format: "mp4" },
        ...{ audio: false, watermark: undefined, passphrase: undefined, reason: "test", case: undefined },
        ...{ exporterName: "Kim", serverId: "server", productVersion: "0.0.0", createdAt: "2026-11-21T10:00:00.000Z" },
        ...{ signingKey: signing.publicJwk, items },
      },
      {
        key: async (name) => {
          const { cameraId, keyId, generation, epoch } = name;
          const { suite, key } = await this.#keys.service.epochKey(cameraId, keyId, generation, epoch);
          return { ...name, suite, key };
        },
        sign: (bytes) => sign(signing.privateJwk, bytes),
        readSegment: async () => {
          throw new FluxError("archive.no_object_store", "none");
        },
        progress: () => undefined,
        signal: new AbortController().signal,
      },
    );
    return packagePath;
  }

  async close(): Promise<void> {
    await this.stopServer();
    await this.#volumes.close();
    await this.#keys.close();
    await this.#database.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #plan(): RecordingPlan {
    const what = { cameraId: CAMERA, streamId: STREAM, role: "main", action: "record" } as const;
    return { ...what, preRollMs: 0, audio: false, segmentMs: 60_000, volumes: this.#volumes.forRecording(null) };
  }

  #film(): void {
    const { frames } = this.#footage;
    const frame = frames[this.filmed.length % frames.length];
    if (!frame) throw new Error("no footage");
    const interval = INTERVAL_MS * 1000;
    const arrivalTime = this.#clock.utcMicros();
    const pts = micros(arrivalTime + frame.shownLater * interval);
    this.filmed.push({ pts, atMicros: arrivalTime });
    if (this.line === "losing") this.#afterLoss = true;
    // After a loss the depacketiser waits for the next keyframe, and says so there.
    if (this.line !== "up" || (this.#afterLoss && !frame.keyframe)) return;
    const discontinuity = this.#afterLoss;
    this.#afterLoss = false;
    for (const pull of this.#cameras.open) {
      const times = { pts, dts: arrivalTime, arrivalTime, cameraTime: undefined };
      pull.picture({ keyframe: frame.keyframe, discontinuity, data: [frame.data], ...times });
    }
  }

  #take(message: FromIngest, generation: number): void {
    if (message.type === "recorder") {
      for (const event of message.events) {
        this.#index?.take(event);
        this.#gaps?.take(event);
      }
    }
    if (message.type !== "need-keys" || !this.keysAnswer) return;
    const answer = this.#keys.service.sealKeys(CAMERA, generation).then((keys) => {
      this.#ingest?.handle({ type: "keys", keys });
    });
    const done = answer.finally(() => this.#answers.delete(done));
    this.#answers.add(done);
  }

  async #idle(): Promise<void> {
    do {
      for (const run of this.#deferred.splice(0)) run();
      await Promise.all(this.#answers);
      await settle();
      await this.io.idle();
    } while (this.#answers.size > 0 || this.#deferred.length > 0);
  }
}
