import { FluxError } from "../../shared/lib/errors.ts";
import type { CameraSource, CameraStatus, MediaPlane, ProbeResult, ProbeSource } from "../control/media-plane.ts";
import type { RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";

/** A media plane without threads: remembers what it was told. */
export class FakeMedia implements MediaPlane {
  readonly cameras = new Map<string, CameraSource>();
  readonly endedSessions: string[] = [];
  readonly changedUsers: string[] = [];
  readonly probed: ProbeSource[] = [];
  readonly statuses = new Map<string, CameraStatus>();
  /** What the next probe answers; undefined: `rtsp.unreachable`. */
  probeResult: ProbeResult | undefined;

  async putCamera(camera: CameraSource): Promise<void> {
    this.cameras.set(camera.id, camera);
  }

  async removeCamera(cameraId: string): Promise<void> {
    this.cameras.delete(cameraId);
  }

  async probe(source: ProbeSource): Promise<ProbeResult> {
    this.probed.push(source);
    if (!this.probeResult) throw new FluxError("rtsp.unreachable", "the camera does not answer");
    return this.probeResult;
  }

  status(cameraId: string): CameraStatus | undefined {
    return this.statuses.get(cameraId);
  }

  onStatus(): () => void {
    return () => undefined;
  }

  endSession(sessionId: string): void {
    this.endedSessions.push(sessionId);
  }

  accessChanged(userId: string): void {
    this.changedUsers.push(userId);
  }

  async stats() {
    return {
      workers: 2,
      cameras: this.cameras.size,
      streamsPulled: 0,
      viewers: 0,
      framesSealed: 0,
      bytesSealed: 0,
      framesRelayed: 0,
      bytesRelayed: 0,
      framesDropped: 0,
      webTransport: false,
    };
  }

  /** The plans of the last call. */
  plans: readonly RecordingPlan[] = [];
  readonly #recorderListeners = new Set<(events: readonly RecorderEvent[]) => void>();

  setRecording(plans: readonly RecordingPlan[]): void {
    this.plans = plans;
  }

  onRecorder(listener: (events: readonly RecorderEvent[]) => void): () => void {
    this.#recorderListeners.add(listener);
    return () => void this.#recorderListeners.delete(listener);
  }

  /** A recorder's facts arrive. */
  record(...events: RecorderEvent[]): void {
    for (const listener of this.#recorderListeners) listener(events);
  }

  async close(): Promise<void> {}
}
