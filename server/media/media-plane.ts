import { availableParallelism } from "node:os";
import { MessageChannel } from "node:worker_threads";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type {
  CameraSource,
  CameraStatus,
  MediaPlane,
  MediaStats,
  ProbeResult,
  ProbeSource,
} from "../control/media-plane.ts";
import { publicReason } from "../control/public-reason.ts";
import type { IngestWorkerData, RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";
import type {
  ArchiveAuthority,
  CameraRoute,
  RelayAuthority,
  RelayCertificates,
  RelayWorkerData,
  ToRelay,
} from "../relay/protocol.ts";
import type { GenerationStore } from "../seal/generation.ts";
import { leastLoaded } from "./assign.ts";
import { IngestSlot, type IngestStats, type IngestThread, type SealKeySource } from "./ingest-slot.ts";
import type { MediaLog } from "./log.ts";
import { RecordingRouter } from "./recording-router.ts";
import { type RelayEndpoints, RelaySlot, type RelayThread } from "./relay-slot.ts";

export interface MediaPlaneDeps {
  readonly clock: Clock;
  /** In [0, 1): spreads restarts. */
  readonly random: () => number;
  readonly log: MediaLog;
  readonly logLevel: string;
  readonly keys: SealKeySource;
  readonly generations: GenerationStore;
  readonly authority: RelayAuthority;
  /** What viewers may play back. */
  readonly archive?: ArchiveAuthority | undefined;
  readonly onViewerClosed: (connectionId: string) => void;
  /** A viewer looks at these cameras no more. */
  readonly onViewerLeft?: (connectionId: string, cameraIds: readonly string[]) => void;
  /** Every live connection is gone at once. */
  readonly onViewersLost: () => void;
  readonly relay: RelayWorkerData;
  /** `spawnThread(new URL("./ingest-worker.mjs", import.meta.url), data, "ingest")` in the composition root. */
  readonly spawnIngest: (data: IngestWorkerData) => IngestThread;
  readonly spawnRelay: (data: RelayWorkerData) => RelayThread;
  /** Default: two, or one on a single core. */
  readonly ingestWorkers?: number;
}

/** The media plane with what only its owner needs to know. */
export interface OwnedMediaPlane extends MediaPlane {
  readonly endpoints: RelayEndpoints;
  /** Seal generation of the thread that holds the camera; undefined while none does. */
  generationOf(cameraId: string): number | undefined;
  /** Every camera was put: viewers are let in. Until then they are told to come back. */
  camerasKnown(): void;
  setCertificates(certificates: RelayCertificates): void;
}

/**
 * Starts the relay thread and the ingest pool, and wires them. Rejects when one of them cannot start; from then on a
 * thread that dies is replaced, with a new seal generation, and its cameras come back.
 */
export async function createMediaPlane(deps: MediaPlaneDeps): Promise<OwnedMediaPlane> {
  const plane = new ThreadedMediaPlane(deps);
  try {
    await plane.start();
  } catch (error) {
    await plane.close();
    throw error;
  }
  return plane;
}

class ThreadedMediaPlane implements OwnedMediaPlane {
  readonly #relay: RelaySlot;
  readonly #slots: readonly IngestSlot[];
  readonly #slotOf = new Map<string, IngestSlot>();
  readonly #statuses = new Map<string, CameraStatus>();
  readonly #listeners = new Set<(status: CameraStatus) => void>();
  readonly #recording: RecordingRouter;
  readonly #log: MediaLog;
  #routesDirty = false;
  #camerasKnown = false;
  #closing: Promise<void> | undefined;

  constructor(deps: MediaPlaneDeps) {
    const { clock, random, log } = deps;
    this.#log = log;
    this.#relay = new RelaySlot({
      clock,
      random,
      log,
      data: deps.relay,
      spawn: deps.spawnRelay,
      authority: deps.authority,
      archive: deps.archive,
      onViewerClosed: deps.onViewerClosed,
      onViewerLeft: deps.onViewerLeft,
      onViewersLost: deps.onViewersLost,
      onReady: () => this.#tellRelayEverything(),
    });
    const workers = deps.ingestWorkers ?? Math.min(2, availableParallelism());
    this.#slots = Array.from({ length: Math.max(1, workers) }, (_, index) => {
      return new IngestSlot({
        index,
        clock,
        random,
        log,
        logLevel: deps.logLevel,
        spawn: (data) => deps.spawnIngest({ ...data, forbiddenPorts: this.#ownPorts() }),
        generations: deps.generations,
        keys: deps.keys,
        onStatus: (statuses) => {
          for (const status of statuses) this.#report(status);
        },
        onRecorder: (events) => this.#recording.received(events),
        onReady: (slot) => this.#wire(slot),
        onLost: (slot) => this.#slotLost(slot),
      });
    });
    this.#recording = new RecordingRouter({
      slots: this.#slots,
      slotOf: this.#slotOf,
      onCamera: (cameraId) => this.#sendStatus(cameraId),
      log,
    });
  }

  get endpoints(): RelayEndpoints {
    return this.#relay.endpoints;
  }

  generationOf(cameraId: string): number | undefined {
    return this.#slotOf.get(cameraId)?.generation;
  }

  async start(): Promise<void> {
    await this.#relay.start();
    await Promise.all(this.#slots.map((slot) => slot.start()));
  }

  camerasKnown(): void {
    this.#camerasKnown = true;
    this.#tellRelayCameras();
  }

  setCertificates(certificates: RelayCertificates): void {
    this.#relay.setCertificates(certificates);
  }

  async putCamera(camera: CameraSource): Promise<void> {
    this.#refuseWhenClosed();
    const before = this.#slotOf.get(camera.id);
    const slot = before ?? leastLoaded(this.#slots);
    this.#slotOf.set(camera.id, slot);
    slot.putCamera(camera);
    if (before === undefined) this.#recording.cameraPlaced(camera.id, slot);
    this.#routesChanged();
  }

  async removeCamera(cameraId: string): Promise<void> {
    this.#refuseWhenClosed();
    this.#slotOf.get(cameraId)?.removeCamera(cameraId);
    this.#slotOf.delete(cameraId);
    this.#statuses.delete(cameraId);
    this.#routesChanged();
  }

  async probe(source: ProbeSource, timeoutMs: number): Promise<ProbeResult> {
    this.#refuseWhenClosed();
    const ready = this.#slots.filter((slot) => slot.thread !== undefined);
    return leastLoaded(ready.length > 0 ? ready : this.#slots).probe(source, timeoutMs);
  }

  status(cameraId: string): CameraStatus | undefined {
    return this.#statuses.get(cameraId);
  }

  onStatus(listener: (status: CameraStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  endSession(sessionId: string, code: string): void {
    this.#relay.post({ type: "end-session", sessionId, code });
  }

  accessChanged(userId: string): void {
    this.#relay.post({ type: "access-changed", userId });
  }

  setRecording(plans: readonly RecordingPlan[], flushMs: number): void {
    this.#recording.set(plans, flushMs);
  }

  onRecorder(listener: (events: readonly RecorderEvent[]) => void): () => void {
    return this.#recording.listen(listener);
  }

  async stats(): Promise<MediaStats> {
    const [relay, ...ingest] = await Promise.all([
      this.#relay.stats().catch(() => undefined),
      ...this.#slots.map((slot) => slot.stats()),
    ]);
    const sum = (pick: (stats: IngestStats) => number): number =>
      ingest.reduce((total, stats) => total + pick(stats), 0);
    return {
      workers: this.#slots.length,
      cameras: this.#slotOf.size,
      streamsPulled: sum((stats) => stats.streams),
      viewers: relay?.viewers ?? 0,
      framesSealed: sum((stats) => stats.framesSealed),
      bytesSealed: sum((stats) => stats.bytesSealed),
      framesRelayed: relay?.framesRelayed ?? 0,
      bytesRelayed: relay?.bytesRelayed ?? 0,
      framesDropped: sum((stats) => stats.framesDropped) + (relay?.framesDropped ?? 0),
      webTransport: this.#relay.ready && this.#relay.endpoints.webTransportPort !== undefined,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Viewers first: they are told; then the cameras, with a TEARDOWN each.
    await this.#relay.close();
    await Promise.all(this.#slots.map((slot) => slot.close()));
    this.#listeners.clear();
    this.#recording.close();
  }

  /** Known before any worker: the relay thread starts first. */
  #ownPorts(): number[] {
    const { httpPort, tlsPort } = this.#relay.endpoints;
    return tlsPort === undefined ? [httpPort] : [httpPort, tlsPort];
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new FluxError("media.closed", "the media plane is closing");
  }

  /** A line of its own between this worker and the relay, so that no frame crosses the main thread. */
  #wire(slot: IngestSlot): void {
    if (!this.#relay.ready || !slot.thread) return;
    const { port1, port2 } = new MessageChannel();
    slot.thread.post({ type: "relay-port", port: port1 }, [port1]);
    this.#relay.post({ type: "ingest-port", workerIndex: slot.index, port: port2 }, [port2]);
  }

  #tellRelayEverything(): void {
    this.#tellRelayCameras();
    for (const slot of this.#slots) this.#wire(slot);
  }

  #tellRelayCameras(): void {
    this.#sendRoutes();
    for (const cameraId of this.#statuses.keys()) this.#sendStatus(cameraId);
  }

  /** Many cameras put in one turn (a start) make one message. */
  #routesChanged(): void {
    if (this.#routesDirty) return;
    this.#routesDirty = true;
    queueMicrotask(() => {
      this.#routesDirty = false;
      this.#sendRoutes();
    });
  }

  #sendRoutes(): void {
    // Half a list would have viewers of the other half denied.
    if (!this.#camerasKnown) return;
    const cameras: CameraRoute[] = [];
    for (const slot of this.#slots) {
      for (const { id, name, streams } of slot.cameras.values()) {
        cameras.push({ cameraId: id, name, streams: streams.map(({ streamId, role }) => ({ streamId, role })) });
      }
    }
    this.#relay.post({ type: "cameras", cameras });
  }

  #report(status: CameraStatus): void {
    const before = this.#statuses.get(status.cameraId);
    this.#statuses.set(status.cameraId, status);
    if (before?.state !== status.state || before.reason !== status.reason) this.#sendStatus(status.cameraId);
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (error) {
        this.#log.error({ error: String(error) }, "a status listener failed");
      }
    }
  }

  #sendStatus(cameraId: string): void {
    const status = this.#statuses.get(cameraId);
    if (status) this.#relay.post(statusMessage(status, this.#recording.isRecording(cameraId)));
  }

  #slotLost(slot: IngestSlot): void {
    this.#recording.lost(slot);
    for (const camera of slot.cameras.values()) {
      if (!camera.enabled) continue;
      const streams = (this.#statuses.get(camera.id)?.streams ?? []).map((stream) => ({
        ...stream,
        state: stream.state === "disabled" ? stream.state : ("offline" as const),
        fps: 0,
        bitrateKbps: 0,
      }));
      const reason = "the media thread is being restarted";
      this.#report({ cameraId: camera.id, state: "offline", reason, reasonCode: "media.restarting", streams });
    }
  }
}

function statusMessage(status: CameraStatus, recording: boolean): ToRelay {
  return {
    type: "camera-status",
    cameraId: status.cameraId,
    state: status.state,
    // Whoever may only watch learns no address of the camera network.
    reason: status.reason === undefined ? undefined : publicReason(status.reasonCode),
    recording,
  };
}
