import { describeError } from "../../shared/lib/errors.ts";
import type { RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";
import type { IngestSlot } from "./ingest-slot.ts";
import type { MediaLog } from "./log.ts";

export interface RecordingRouterOptions {
  readonly slots: readonly IngestSlot[];
  readonly slotOf: ReadonlyMap<string, IngestSlot>;
  /** Whether something of this camera is recorded has changed. */
  readonly onCamera: (cameraId: string) => void;
  readonly log: MediaLog;
}

/** Plans to the worker that holds the camera, facts from all workers to whoever listens. */
export class RecordingRouter {
  readonly #options: RecordingRouterOptions;
  readonly #listeners = new Set<(events: readonly RecorderEvent[]) => void>();
  /** Streams that are being recorded, by camera. */
  readonly #recording = new Map<string, Set<number>>();
  #plans: readonly RecordingPlan[] = [];
  #flushMs = 1000;

  constructor(options: RecordingRouterOptions) {
    this.#options = options;
  }

  set(plans: readonly RecordingPlan[], flushMs: number): void {
    this.#plans = plans;
    this.#flushMs = flushMs;
    for (const slot of this.#options.slots) this.#send(slot);
  }

  /** A camera has got its place: its plan may have been here before it. */
  cameraPlaced(cameraId: string, slot: IngestSlot): void {
    if (this.#plans.some((plan) => plan.cameraId === cameraId)) this.#send(slot);
  }

  listen(listener: (events: readonly RecorderEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  isRecording(cameraId: string): boolean {
    return this.#recording.has(cameraId);
  }

  received(events: readonly RecorderEvent[]): void {
    for (const event of events) if (event.type === "recording") this.#note(event);
    for (const listener of this.#listeners) {
      try {
        listener(events);
      } catch (error) {
        this.#options.log.error({ error: describeError(error) }, "a listener for recordings failed");
      }
    }
  }

  /** The slot's thread is gone, and with it what it was writing. */
  lost(slot: IngestSlot): void {
    const events = [...this.#recording]
      .filter(([cameraId]) => this.#options.slotOf.get(cameraId) === slot)
      .flatMap(([cameraId, streams]) =>
        [...streams].map((streamId) => ({ type: "recording" as const, cameraId, streamId, recording: false })),
      );
    this.received([
      ...events,
      { type: "thread-lost", cameraIds: [...slot.cameras.keys()], generation: slot.generation },
    ]);
  }

  close(): void {
    this.#listeners.clear();
  }

  #send(slot: IngestSlot): void {
    const plans = this.#plans.filter(({ cameraId }) => this.#options.slotOf.get(cameraId) === slot);
    slot.setRecording(plans, this.#flushMs);
  }

  #note({ cameraId, streamId, recording }: Extract<RecorderEvent, { type: "recording" }>): void {
    const streams = this.#recording.get(cameraId) ?? new Set<number>();
    if (recording) streams.add(streamId);
    else streams.delete(streamId);
    if (streams.size === 0) this.#recording.delete(cameraId);
    else this.#recording.set(cameraId, streams);
    this.#options.onCamera(cameraId);
  }
}
