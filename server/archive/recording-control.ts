import { eq } from "drizzle-orm";
import type { EffectivePolicy, GapReason, RecordingState } from "../../shared/api/recording.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { effectivePolicy } from "../../shared/recording/policy.ts";
import type { CameraSource } from "../control/media-plane.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { RecordingPlan, RecordingVolume } from "../ingest/protocol.ts";
import type { PolicyStore } from "./policy-store.ts";
import { Schedules } from "./schedule.ts";

export type Cause = RecordingState["cause"];

export interface RecordingControlParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policies: PolicyStore;
  readonly cameras: () => readonly (CameraSource & { readonly group: string })[];
  /** Hot volumes for a camera, best first. */
  readonly volumesFor: (volumeIds: readonly string[] | null) => readonly RecordingVolume[];
  /** Told when something changed. */
  readonly setPlans: (plans: readonly RecordingPlan[]) => void;
}

export interface Emergency {
  readonly sinceMicros: number;
  readonly by: string;
}

const TICK_MS = millis(1000);
const EMERGENCY_SETTING = "recording.emergency";

interface Decision {
  readonly cause: Cause;
  readonly untilMicros: number | undefined;
  readonly standby: boolean;
}

/**
 * Decides every second what is recorded: emergency, then manual, then what the camera's policy says. Sends plans only
 * when they change; workers go on with the last ones while nobody speaks.
 */
export class RecordingControl {
  readonly #parts: RecordingControlParts;
  readonly #schedules = new Schedules();
  /** Until when, by camera. */
  readonly #manual = new Map<string, number>();
  readonly #eventUntil = new Map<string, number>();
  readonly #faults = new Map<string, GapReason>();
  readonly #active = new Set<string>();
  #emergency: Emergency | undefined;
  #sent = "";
  #timer: Timer | undefined;

  constructor(parts: RecordingControlParts) {
    this.#parts = parts;
  }

  get emergency(): Emergency | undefined {
    return this.#emergency;
  }

  /** Reads what outlives a restart. */
  async load(): Promise<void> {
    const [row] = await this.#parts.orm.select().from(settings).where(eq(settings.name, EMERGENCY_SETTING));
    if (row && row.value !== "") this.#emergency = JSON.parse(row.value) as Emergency;
  }

  /** Decides from now on. */
  start(): void {
    this.#timer = this.#parts.clock.every(TICK_MS, () => this.review());
    this.review();
  }

  close(): void {
    this.#timer?.cancel();
  }

  policyOf(camera: { readonly id: string; readonly group: string }): EffectivePolicy {
    return effectivePolicy(camera, this.#parts.policies.all);
  }

  /** Decides anew now: after a change of cameras, policies or volumes. */
  review(): void {
    const now = this.#parts.clock.utcMicros();
    for (const until of [this.#manual, this.#eventUntil]) {
      for (const [cameraId, micros] of until) if (micros <= now) until.delete(cameraId);
    }
    const plans = this.#parts.cameras().flatMap((camera) => this.#plansOf(camera, now));
    const text = JSON.stringify(plans);
    if (text === this.#sent) return;
    this.#sent = text;
    this.#parts.setPlans(plans);
  }

  /** `seconds`: ends by itself after so long. */
  setManual(cameraId: string, on: boolean, seconds: number): void {
    if (on) this.#manual.set(cameraId, this.#parts.clock.utcMicros() + seconds * 1_000_000);
    else this.#manual.delete(cameraId);
    this.review();
  }

  /** All cameras, whatever their policies say; outlives a restart. */
  async setEmergency(on: boolean, by: string): Promise<void> {
    const { orm, clock } = this.#parts;
    const now = clock.utcMicros();
    this.#emergency = on ? (this.#emergency ?? { sinceMicros: now, by }) : undefined;
    this.review();
    const row = { value: this.#emergency ? JSON.stringify(this.#emergency) : "", updatedAt: toDate(now) };
    await orm
      .insert(settings)
      .values({ name: EMERGENCY_SETTING, ...row })
      .onConflictDoUpdate({ target: settings.name, set: row });
  }

  /** Something happened at the camera; lasts until `endMicros`. */
  event(cameraId: string, endMicros: number): void {
    const camera = this.#parts.cameras().find(({ id }) => id === cameraId);
    if (!camera) return;
    const { postRollSeconds } = this.policyOf(camera);
    const until = Math.max(endMicros, this.#parts.clock.utcMicros()) + postRollSeconds.value * 1_000_000;
    this.#eventUntil.set(cameraId, Math.max(until, this.#eventUntil.get(cameraId) ?? 0));
    this.review();
  }

  /** What the workers say. */
  setRecording(cameraId: string, streamId: number, recording: boolean): void {
    const name = `${cameraId} ${streamId}`;
    if (recording) {
      this.#active.add(name);
      this.#faults.delete(cameraId);
    } else this.#active.delete(name);
  }

  setFault(cameraId: string, reason: GapReason): void {
    this.#faults.set(cameraId, reason);
  }

  state(camera: { readonly id: string; readonly group: string }): RecordingState {
    const { cause, untilMicros } = this.#decide(camera, this.#parts.clock.utcMicros());
    const recording = [...this.#active].some((name) => name.startsWith(camera.id));
    const fault = cause === "off" || recording ? null : (this.#faults.get(camera.id) ?? null);
    return { cameraId: camera.id, recording, cause, untilMicros: untilMicros ?? null, fault };
  }

  #decide(camera: { readonly id: string; readonly group: string }, now: number): Decision {
    if (this.#emergency) return { cause: "emergency", untilMicros: undefined, standby: false };
    const manual = this.#manual.get(camera.id);
    if (manual !== undefined && manual > now) return { cause: "manual", untilMicros: manual, standby: false };
    const { mode, schedule } = this.policyOf(camera);
    const scheduled = mode.value === "schedule" && schedule.value ? this.#schedules.at(schedule.value, now) : "off";
    if (mode.value === "continuous") return { cause: "continuous", untilMicros: undefined, standby: false };
    if (scheduled === "continuous") return { cause: "schedule", untilMicros: undefined, standby: false };
    if (mode.value !== "event" && scheduled !== "event")
      return { cause: "off", untilMicros: undefined, standby: false };
    const until = this.#eventUntil.get(camera.id);
    if (until !== undefined && until > now) return { cause: "event", untilMicros: until, standby: false };
    return { cause: "off", untilMicros: undefined, standby: true };
  }

  /** The streams of a camera that its settings name. */
  streamsOf(camera: CameraSource & { readonly group: string }): CameraSource["streams"] {
    const roles = this.policyOf(camera).streams.value;
    const wanted = camera.streams.filter(({ role }) => roles === "both" || role === roles);
    // A camera without the stream that is asked for is recorded by the one that it has.
    return wanted.length > 0 ? wanted : camera.streams.slice(0, 1);
  }

  #plansOf(camera: CameraSource & { readonly group: string }, now: number): RecordingPlan[] {
    if (!camera.enabled) return [];
    const { cause, standby } = this.#decide(camera, now);
    if (cause === "off" && !standby) return [];
    const policy = this.policyOf(camera);
    return this.streamsOf(camera).map(({ streamId, role }) => ({
      cameraId: camera.id,
      streamId,
      role,
      action: standby ? ("standby" as const) : ("record" as const),
      preRollMs: policy.preRollSeconds.value * 1000,
      audio: policy.audio.value,
      segmentMs: policy.segmentSeconds.value * 1000,
      volumes: this.#parts.volumesFor(policy.volumeIds.value),
    }));
  }
}
