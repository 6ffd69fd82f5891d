import type { Clock } from "../../shared/lib/clock.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { CameraSource, CameraStatus, ProbeResult, ProbeSource } from "../control/media-plane.ts";
import type {
  FromIngest,
  IngestWorkerData,
  RecorderEvent,
  RecordingPlan,
  SealKey,
  ToIngest,
} from "../ingest/protocol.ts";
import type { GenerationStore } from "../seal/generation.ts";
import type { MediaLog } from "./log.ts";
import { Pending } from "./pending.ts";
import { SupervisedThread } from "./supervised-thread.ts";
import type { Thread } from "./thread.ts";

/** The key service's side of sealing. */
export interface SealKeySource {
  /** Keys of the current and the next epoch for one camera in one seal generation. */
  sealKeys(cameraId: string, generation: number): Promise<readonly SealKey[]>;
}

export type IngestThread = Thread<ToIngest, FromIngest>;
export type IngestStats = Omit<Extract<FromIngest, { type: "stats" }>, "type" | "requestId">;

export interface IngestSlotOptions {
  readonly index: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: MediaLog;
  readonly logLevel: string;
  readonly spawn: (data: IngestWorkerData) => IngestThread;
  readonly generations: GenerationStore;
  readonly keys: SealKeySource;
  readonly onStatus: (statuses: readonly CameraStatus[]) => void;
  readonly onRecorder: (events: readonly RecorderEvent[]) => void;
  /** The thread is there (again): give it its line to the relay. */
  readonly onReady: (slot: IngestSlot) => void;
  readonly onLost: (slot: IngestSlot) => void;
}

const NOTHING: IngestStats = { framesSealed: 0, bytesSealed: 0, framesDropped: 0, streams: 0 };

function add(a: IngestStats, b: IngestStats): IngestStats {
  return {
    framesSealed: a.framesSealed + b.framesSealed,
    bytesSealed: a.bytesSealed + b.bytesSealed,
    framesDropped: a.framesDropped + b.framesDropped,
    streams: a.streams + b.streams,
  };
}

/** A worker reports at least once a second. */
const SILENCE_MS = 20_000;
const STATS_TIMEOUT_MS = 2_000;
/** On top of what the caller allows the camera. */
const PROBE_MARGIN_MS = 5_000;

/** One place of the ingest pool: its cameras stay with it, whichever thread currently fills it. */
export class IngestSlot {
  readonly #options: IngestSlotOptions;
  readonly #supervised: SupervisedThread<ToIngest, FromIngest>;
  readonly #cameras = new Map<string, CameraSource>();
  readonly #probes: Pending<ProbeResult>;
  readonly #stats: Pending<void>;
  #recording: Extract<ToIngest, { type: "recording" }> | undefined;
  #earlier = NOTHING;
  #latest = NOTHING;
  #generation = 0;

  constructor(options: IngestSlotOptions) {
    this.#options = options;
    this.#probes = new Pending(options.clock);
    this.#stats = new Pending(options.clock);
    this.#supervised = new SupervisedThread<ToIngest, FromIngest>({
      name: `ingest ${options.index}`,
      clock: options.clock,
      random: options.random,
      log: options.log,
      start: () => this.#spawn(),
      onMessage: (message) => this.#received(message),
      onReady: () => this.#tellEverything(),
      onLost: () => this.#lost(),
      classify: ({ type }) => (type === "ready" || type === "closed" ? type : undefined),
      closeMessage: { type: "close" },
      silenceMs: SILENCE_MS,
    });
  }

  /** Undefined before the first thread. */
  get generation(): number | undefined {
    return this.#generation === 0 ? undefined : this.#generation;
  }

  get index(): number {
    return this.#options.index;
  }

  get cameras(): ReadonlyMap<string, CameraSource> {
    return this.#cameras;
  }

  /** What this worker may have to pull at most: the measure by which cameras are spread. */
  get streams(): number {
    let count = 0;
    for (const camera of this.#cameras.values()) count += camera.streams.length;
    return count;
  }

  get thread(): IngestThread | undefined {
    return this.#supervised.current;
  }

  start(): Promise<void> {
    return this.#supervised.start();
  }

  close(): Promise<void> {
    return this.#supervised.close();
  }

  putCamera(camera: CameraSource): void {
    this.#cameras.set(camera.id, camera);
    this.thread?.post({ type: "put-camera", camera });
  }

  removeCamera(cameraId: string): void {
    this.#cameras.delete(cameraId);
    this.thread?.post({ type: "remove-camera", cameraId });
  }

  /** All plans of this slot's cameras. A thread that takes over is told them again. */
  setRecording(plans: readonly RecordingPlan[], flushMs: number): void {
    this.#recording = { type: "recording", plans, flushMs };
    this.thread?.post(this.#recording);
  }

  /** Rejects with `rtsp.*`, `probe.*`, or `media.*` when the thread is at fault. */
  probe(source: ProbeSource, timeoutMs: number): Promise<ProbeResult> {
    const thread = this.#need();
    return this.#probes.request(millis(timeoutMs + PROBE_MARGIN_MS), (requestId) =>
      thread.post({ type: "probe", requestId, source, timeoutMs }),
    );
  }

  /**
   * Counted since the server started: what earlier threads of this slot had counted is in it, and a thread that does
   * not answer in time is taken at its last word. So totals never go back.
   */
  async stats(): Promise<IngestStats> {
    const thread = this.thread;
    if (thread) {
      await this.#stats
        .request(millis(STATS_TIMEOUT_MS), (requestId) => thread.post({ type: "stats", requestId }))
        .catch(() => undefined);
    }
    return add(this.#earlier, this.#latest);
  }

  #need(): IngestThread {
    const thread = this.thread;
    if (!thread) throw new FluxError("media.unavailable", "the media thread is being restarted; try again");
    return thread;
  }

  async #spawn(): Promise<IngestThread> {
    // Counted up before the thread exists: no thread ever shares a generation, however early the last one died.
    this.#generation = await this.#options.generations.allocate();
    return this.#options.spawn({ generation: this.#generation, logLevel: this.#options.logLevel });
  }

  #tellEverything(): void {
    this.#options.onReady(this);
    if (this.#recording) this.thread?.post(this.#recording);
    for (const camera of this.#cameras.values()) this.thread?.post({ type: "put-camera", camera });
  }

  #lost(): void {
    const error = new FluxError("media.worker_lost", "the media thread ended; it is being restarted");
    this.#probes.rejectAll(error);
    this.#stats.rejectAll(error);
    this.#earlier = { ...add(this.#earlier, this.#latest), streams: 0 };
    this.#latest = NOTHING;
    this.#options.onLost(this);
  }

  #received(message: FromIngest): void {
    switch (message.type) {
      case "status":
        this.#options.onStatus(message.statuses.filter(({ cameraId }) => this.#cameras.has(cameraId)));
        break;
      case "need-keys":
        // A question on its way when its camera was removed must not make keys for it again.
        void this.#supplyKeys(
          message.cameraIds.filter((cameraId) => this.#cameras.has(cameraId)),
          this.#generation,
        );
        break;
      case "recorder":
        this.#options.onRecorder(message.events);
        break;
      case "probe-result":
        if (message.result) this.#probes.resolve(message.requestId, message.result);
        else {
          const { code, message: text } = message.error ?? { code: "probe.failed", message: "the test failed" };
          this.#probes.reject(message.requestId, new FluxError(code, text));
        }
        break;
      case "stats": {
        const { type: _type, requestId, ...stats } = message;
        this.#latest = stats;
        this.#stats.resolve(requestId, undefined);
        break;
      }
    }
  }

  /** One camera's missing key keeps no other camera waiting. */
  async #supplyKeys(cameraIds: readonly string[], generation: number): Promise<void> {
    const { keys, log } = this.#options;
    await Promise.all(
      cameraIds.map(async (cameraId) => {
        try {
          const supplied = await keys.sealKeys(cameraId, generation);
          if (generation === this.#generation) this.thread?.post({ type: "keys", keys: supplied });
        } catch (error) {
          log.error({ cameraId, error: describeError(error) }, "no seal key; the camera is not pulled");
        }
      }),
    );
  }
}
