import { and, desc, eq, inArray } from "drizzle-orm";
import type { GapReason } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { Scope } from "../../shared/lib/scope.ts";
import type { CameraSource, MediaPlane } from "../control/media-plane.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { cameraEvents, recordingGaps, segments } from "../db/schema/index.ts";
import type { GapFact, RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import { ArchiveReader } from "./archive-reader.ts";
import { IndexWriter, writeIndex } from "./index-writer.ts";
import { Mover } from "./mover.ts";
import { PolicyStore } from "./policy-store.ts";
import { RecordingControl } from "./recording-control.ts";
import { recover } from "./recovery.ts";
import { Retention } from "./retention.ts";
import { archiveStoreParts } from "./stores/create-store.ts";
import { VolumeService } from "./volume-service.ts";

export type ArchivedCamera = CameraSource & { readonly group: string };

export interface ArchiveParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sealer: FieldSealer;
  readonly media: Pick<MediaPlane, "setRecording" | "onRecorder">;
  readonly storageDir: string;
  /** Buckets are reached through it. */
  readonly outbound: Pick<OutboundGuard, "fetch" | "checkUrl">;
  readonly cameras: () => readonly ArchivedCamera[];
  /** Bytes are on disk at most so long after they were sealed. */
  readonly flushMs?: number;
}

const FLUSH_MS = 1000;
/** A stop shorter than this is no gap. */
const GAP_MICROS = 2_000_000;

/** The main thread's half of recording: what is recorded, where, and what there is. */
export class Archive {
  readonly index: IndexWriter;
  readonly volumes: VolumeService;
  readonly policies: PolicyStore;
  readonly control: RecordingControl;
  readonly retention: Retention;
  readonly mover: Mover;
  readonly reader: ArchiveReader;
  readonly #parts: ArchiveParts;
  readonly #scope = new Scope();
  #plans: readonly RecordingPlan[] = [];
  /** Streams whose last footage before this start was looked up: told once each. */
  readonly #resumed = new Set<number>();

  private constructor(parts: ArchiveParts) {
    const { orm, clock, log, sealer, storageDir, media, outbound } = parts;
    this.#parts = parts;
    this.index = new IndexWriter(orm, clock, log);
    this.policies = new PolicyStore(orm, clock);
    this.volumes = new VolumeService({
      orm,
      sealer,
      ...archiveStoreParts(clock, outbound),
      defaultFolder: storageDir,
      onChange: () => this.control.review(),
      onAlarm: ({ id, name }, state, detail) => {
        if (state === "ok") log.info({ volume: name }, "the volume takes recordings again");
        else log.error({ volume: name, state, detail }, "the volume takes no recordings");
        void this.#storageEvent(id, name, state, detail);
      },
    });
    this.control = new RecordingControl({
      orm,
      clock,
      log,
      policies: this.policies,
      cameras: parts.cameras,
      volumesFor: (ids) => this.volumes.forRecording(ids),
      setPlans: (plans) => this.#setPlans(plans),
    });
    this.retention = new Retention({
      orm,
      clock,
      log,
      policyOf: (cameraId) => this.control.policyOf(this.#camera(cameraId)),
      volumes: this.volumes,
      missingBytes: (volume) => this.volumes.missingBytes(volume),
      onStuck: ({ id, name }) => {
        log.error({ volume: name }, "the reserve is not kept, and nothing more may be deleted there");
        void this.#storageEvent(id, name, "full", "nothing more may be deleted");
      },
    });
    this.reader = new ArchiveReader(orm, (id) => this.volumes.store(id));
    this.mover = new Mover({
      orm,
      clock,
      log,
      policyOf: (cameraId) => this.control.policyOf(this.#camera(cameraId)),
      volumes: this.volumes,
      onMoved: (segmentId) => this.reader.moved(segmentId),
    });
    this.#scope.add(media.onRecorder((events) => this.#take(events)));
  }

  /** Recovers what a crash left, then records. The cameras are known already. */
  static async start(parts: ArchiveParts): Promise<Archive> {
    const archive = new Archive(parts);
    try {
      await archive.#start();
      return archive;
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { orm, log } = this.#parts;
    await this.policies.load();
    await this.volumes.start();
    await this.mover.settle();
    const report = await recover(orm, this.volumes, log);
    if (Object.values(report).some((count) => count > 0)) log.info(report, "recordings that a stop left unfinished");
    await this.control.start();
    this.retention.start();
    this.mover.start();
  }

  /** Something happened at a camera: on the timeline, and a reason to record. */
  async cameraEvent(
    cameraId: string,
    event: { kind: string; title?: string | undefined; startMicros: number; endMicros: number },
  ): Promise<void> {
    const { kind, title, startMicros, endMicros } = event;
    this.control.event(cameraId, endMicros);
    await this.#parts.orm.insert(cameraEvents).values({ cameraId, kind, title: title ?? null, startMicros, endMicros });
  }

  /** After the media plane: its last facts are written. Idempotent. */
  async close(): Promise<void> {
    this.control.close();
    await this.#scope.close();
    await this.mover.close();
    await this.retention.close();
    await this.volumes.close();
    await this.index.close();
  }

  #setPlans(plans: readonly RecordingPlan[]): void {
    this.#plans = plans;
    this.#parts.media.setRecording(plans, this.#parts.flushMs ?? FLUSH_MS);
    void this.#nameStops(plans).catch((err: unknown) => {
      this.#parts.log.warn({ err }, "the time before this start could not be named as a gap");
    });
  }

  #take(events: readonly RecorderEvent[]): void {
    for (const event of events) {
      this.index.take(event);
      if (event.type === "recording") this.control.setRecording(event.cameraId, event.streamId, event.recording);
      else if (event.type === "gap") this.control.setFault(event.gap.cameraId, event.gap.reason);
      else if (event.type === "volume") this.volumes.found(event.volumeId, event.state, event.detail);
    }
  }

  /** From the last footage before this start until now nothing was recorded, because the server did not run. */
  async #nameStops(plans: readonly RecordingPlan[]): Promise<void> {
    const { orm, clock } = this.#parts;
    const fresh = plans.filter(({ streamId, action }) => action === "record" && !this.#resumed.has(streamId));
    if (fresh.length === 0) return;
    for (const { streamId } of fresh) this.#resumed.add(streamId);
    const now = clock.utcMicros();
    const gaps: GapFact[] = [];
    for (const { cameraId, streamId } of fresh) {
      // By its cause, not by the plan: a camera that was not to be recorded has no gap.
      if (this.control.policyOf(this.#camera(cameraId)).mode.value !== "continuous") continue;
      const startMicros = await this.#lastKnown(streamId);
      if (startMicros === undefined || now - startMicros < GAP_MICROS) continue;
      const reason: GapReason = "server-stopped";
      gaps.push({ cameraId, streamId, startMicros, endMicros: now, reason, detail: undefined, frames: 0 });
    }
    await writeIndex(orm, [], gaps);
  }

  /** The end of what is recorded of a stream, or known to be missing. */
  async #lastKnown(streamId: number): Promise<number | undefined> {
    const { orm } = this.#parts;
    const [segment] = await orm
      .select({ endMicros: segments.endMicros })
      .from(segments)
      .where(and(eq(segments.streamId, streamId), inArray(segments.state, ["closed", "moving", "open"])))
      .orderBy(desc(segments.startMicros))
      .limit(1);
    if (!segment) return undefined;
    const [gap] = await orm
      .select({ endMicros: recordingGaps.endMicros })
      .from(recordingGaps)
      .where(eq(recordingGaps.streamId, streamId))
      .orderBy(desc(recordingGaps.endMicros))
      .limit(1);
    return Math.max(segment.endMicros, gap?.endMicros ?? 0);
  }

  #camera(cameraId: string): { readonly id: string; readonly group: string } {
    return this.#parts.cameras().find(({ id }) => id === cameraId) ?? { id: cameraId, group: "" };
  }

  async #storageEvent(volumeId: string, name: string, state: string, detail: string | undefined): Promise<void> {
    const { orm, clock, log } = this.#parts;
    const now = clock.utcMicros();
    // On the timeline of each camera that is recorded there.
    const cameraIds = new Set(
      this.#plans.filter(({ volumes }) => volumes.some(({ id }) => id === volumeId)).map(({ cameraId }) => cameraId),
    );
    if (cameraIds.size === 0) return;
    const event = {
      kind: "storage",
      startMicros: now,
      endMicros: now,
      title: `${name}: ${state}`,
      data: { state, detail },
    };
    try {
      await orm.insert(cameraEvents).values([...cameraIds].map((cameraId) => ({ cameraId, ...event })));
    } catch (err) {
      log.warn({ err }, "the storage event could not be kept");
    }
  }
}
