import type { GapReason } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { Scope } from "../../shared/lib/scope.ts";
import type { CameraSource, MediaPlane } from "../control/media-plane.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { cameraEvents } from "../db/schema/index.ts";
import type { RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import { ArchiveReader } from "./archive-reader.ts";
import type { ClockDoubt } from "./believed-clock.ts";
import { CameraPolicies } from "./camera-policies.ts";
import { IndexWriter } from "./index-writer.ts";
import { LastingGaps } from "./lasting-gaps.ts";
import { type LostThread, LostThreads } from "./lost-thread.ts";
import { Mover } from "./mover.ts";
import { PolicyStore } from "./policy-store.ts";
import { RecordingControl } from "./recording-control.ts";
import { recover } from "./recovery.ts";
import { Retention } from "./retention.ts";
import { endGapsLeftOpen, stopsBefore } from "./stops.ts";
import { archiveStoreParts } from "./stores/create-store.ts";
import type { VolumeState } from "./volume-health.ts";
import { type VolumeRow, VolumeService } from "./volume-service.ts";

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

/** The main thread's half of recording: what is recorded, where, and what there is. */
export class Archive {
  readonly index: IndexWriter;
  readonly volumes: VolumeService;
  readonly policies: PolicyStore;
  readonly control: RecordingControl;
  readonly retention: Retention;
  readonly mover: Mover;
  readonly reader: ArchiveReader;
  readonly gaps: LastingGaps;
  readonly #parts: ArchiveParts;
  readonly #scope = new Scope();
  readonly #cameraPolicies: CameraPolicies;
  #plans: readonly RecordingPlan[] = [];
  readonly #lost: LostThreads;
  #naming: Promise<void> | undefined;
  #named = false;

  private constructor(parts: ArchiveParts) {
    const { orm, clock, log, sealer, storageDir, media, outbound } = parts;
    this.#parts = parts;
    this.index = new IndexWriter(orm, clock, log);
    this.gaps = new LastingGaps(clock, (gap) => this.index.takeGap(gap));
    this.policies = new PolicyStore(orm, clock);
    this.volumes = new VolumeService({
      orm,
      sealer,
      ...archiveStoreParts(clock, outbound),
      defaultFolder: storageDir,
      isWritten: (id) => this.index.names(id),
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
    const { policies } = this;
    this.#cameraPolicies = new CameraPolicies({ orm, clock, cameras: parts.cameras, policies });
    const policyOf = (cameraId: string) => this.#cameraPolicies.of(cameraId);
    this.retention = new Retention({
      orm,
      clock,
      log,
      policyOf,
      prepare: () => this.#cameraPolicies.refresh(),
      volumes: this.volumes,
      missingBytes: (volume) => this.#missingBytes(volume),
      onRefused: (volumeId, error) => this.volumes.found(volumeId, ...refusal(error), "retention"),
      onClock: (doubt) => this.#clockEvent(doubt),
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
      policyOf,
      volumes: this.volumes,
      onMoved: (segmentId) => this.reader.moved(segmentId),
    });
    this.#lost = new LostThreads({
      ...{ orm, clock, log },
      volumes: this.volumes,
      onClosed: (segment) => this.index.take({ type: "segment-closed", segment }),
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
    await endGapsLeftOpen(orm);
    await this.control.load();
    this.control.start();
    await this.#naming;
  }

  /** Recordings are deleted and moved from now on: before, nobody knew by which settings. */
  async camerasKnown(): Promise<void> {
    await this.#cameraPolicies.load();
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

  /** Files that dead threads left are closed, as far as they can be now. */
  settled(): Promise<void> {
    return this.#lost.settled();
  }

  /** After the media plane: its last facts are written. Idempotent. */
  async close(): Promise<void> {
    this.control.close();
    await this.#scope.close();
    await this.mover.close();
    await this.retention.close();
    await this.#lost.close();
    await this.volumes.close();
    this.gaps.close();
    await this.index.close();
  }

  #setPlans(plans: readonly RecordingPlan[]): void {
    // The cameras may become known after the start. Nothing is recorded before the time without them is in the index:
    // after the next kill there may be footage, and nothing that names the hole before it.
    if (this.#parts.cameras().length > 0) this.#naming ??= this.#nameStops();
    this.#plans = plans;
    if (this.#named || plans.length === 0) this.#sendPlans(plans);
  }

  #sendPlans(plans: readonly RecordingPlan[]): void {
    this.#plans = plans;
    this.#parts.media.setRecording(plans, this.#parts.flushMs ?? FLUSH_MS);
    this.gaps.keepOnly(new Set(plans.filter(({ action }) => action === "record").map(({ streamId }) => streamId)));
  }

  #take(events: readonly RecorderEvent[]): void {
    for (const event of events) {
      this.index.take(event);
      this.gaps.take(event);
      if (event.type === "recording") this.control.setRecording(event.cameraId, event.streamId, event.recording);
      else if (event.type === "gap") this.control.setFault(event.gap.cameraId, event.gap.reason);
      else if (event.type === "volume") this.volumes.found(event.volumeId, event.state, event.detail);
      else if (event.type === "thread-lost") this.#threadLost(event);
    }
  }

  /** A recording thread is gone: what it wrote gets its end now, and what is missing from there on is a gap. */
  #threadLost(lost: LostThread): void {
    const cameraIds = new Set(lost.cameraIds);
    this.gaps.orphan(cameraIds);
    const now = this.#parts.clock.utcMicros();
    const ends = new Map<number, number>();
    for (const { streamId, endMicros } of this.index.open.values()) {
      ends.set(streamId, Math.max(endMicros, ends.get(streamId) ?? 0));
    }
    for (const { cameraId, streamId, action } of this.#plans) {
      if (action !== "record" || !cameraIds.has(cameraId) || this.gaps.of(streamId)) continue;
      const startMicros = Math.min(now, ends.get(streamId) ?? now);
      const reason: GapReason = "media-restarted";
      this.gaps.begin({ cameraId, streamId, startMicros, endMicros: now, reason, detail: undefined, frames: 0 });
    }
    void this.index.write();
    this.#lost.add(lost);
  }

  /** From the last footage before this start on nothing was recorded, because the server did not run. */
  async #nameStops(): Promise<void> {
    const { orm, clock, log, cameras } = this.#parts;
    const streams = cameras()
      .filter(({ enabled }) => enabled)
      .flatMap((camera) => {
        const policy = this.control.policyOf(camera);
        const emergencyMicros = this.control.emergency?.sinceMicros;
        return this.control
          .streamsOf(camera)
          .map(({ streamId }) => ({ cameraId: camera.id, streamId, policy, emergencyMicros }));
      });
    try {
      for (const gap of await stopsBefore(orm, streams, clock.utcMicros())) {
        if (gap.open === true) this.gaps.begin(gap);
        else this.index.takeGap(gap);
      }
      await this.index.flush();
    } catch (err) {
      log.warn({ err }, "the time before this start could not be named as a gap");
    }
    this.#named = true;
    this.#sendPlans(this.#plans);
  }

  /** Looked at again before anything is deleted: what is known may be older than the last deletion. */
  async #missingBytes(volume: VolumeRow): Promise<number> {
    if (this.volumes.missingBytes(volume) > 0) await this.volumes.look();
    return this.volumes.missingBytes(volume);
  }

  #clockEvent(doubt: ClockDoubt | undefined): void {
    const { log } = this.#parts;
    if (!doubt) {
      log.warn("the clock is believed again: recordings are deleted by it");
      return;
    }
    const time = (micros: number): string => new Date(micros / 1000).toISOString();
    const [wall, believed] = [time(doubt.wallMicros), time(doubt.believedMicros)];
    log.error(
      { wall, believed },
      "the clock leapt: recordings are deleted as if it had not, until it was steady for a day",
    );
    const cameraIds = new Set(this.#plans.map(({ cameraId }) => cameraId));
    const title = `the clock leapt from ${believed} to ${wall}`;
    void this.#event(cameraIds, title, { state: "clock", detail: title });
  }

  #storageEvent(volumeId: string, name: string, state: string, detail: string | undefined): Promise<void> {
    // On the timeline of each camera that is recorded there.
    const cameraIds = this.#plans
      .filter(({ volumes }) => volumes.some(({ id }) => id === volumeId))
      .map(({ cameraId }) => cameraId);
    return this.#event(new Set(cameraIds), `${name}: ${state}`, { state, detail });
  }

  async #event(cameraIds: ReadonlySet<string>, title: string, data: Record<string, unknown>): Promise<void> {
    const { orm, clock, log } = this.#parts;
    if (cameraIds.size === 0) return;
    const now = clock.utcMicros();
    const event = { kind: "storage", startMicros: now, endMicros: now, title, data };
    try {
      await orm.insert(cameraEvents).values([...cameraIds].map((cameraId) => ({ cameraId, ...event })));
    } catch (err) {
      log.warn({ err }, "the storage event could not be kept");
    }
  }
}

/** What is wrong with a volume whose files cannot be removed. */
function refusal(error: unknown): [VolumeState, string | undefined] {
  if (error === undefined) return ["ok", undefined];
  const state = /^(EROFS|EACCES|EPERM)$/.test(errorCode(error) ?? "") ? "read-only" : "failed";
  return [state, `recordings cannot be deleted: ${describeError(error)}`.slice(0, 300)];
}
