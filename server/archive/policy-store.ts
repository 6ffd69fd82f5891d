import { and, eq } from "drizzle-orm";
import type { RecordingPolicy, ScopedPolicy } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { recordingPolicies } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { isTimeZone } from "./schedule.ts";

type Row = typeof recordingPolicies.$inferSelect;

/** Recording settings in the database, all of them in memory: there are few, and they are asked for every second. */
export class PolicyStore {
  readonly #orm: Orm;
  readonly #clock: Clock;
  #policies: ScopedPolicy[] = [];

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    this.#policies = (await this.#orm.select().from(recordingPolicies)).map(toPolicy);
  }

  get all(): readonly ScopedPolicy[] {
    return this.#policies;
  }

  /** Replaces the settings of one scope. Throws `recording.bad_policy`. */
  async put({ scope, target, policy }: ScopedPolicy): Promise<ScopedPolicy> {
    if (scope === "system" && target !== "system") throw bad("target", "the system's target is `system`");
    if (policy.schedule && !isTimeZone(policy.schedule.timeZone)) {
      throw bad("policy.schedule.timeZone", "this time zone is not known");
    }
    if (policy.mode === "schedule" && !policy.schedule && !this.#inherits(scope)) {
      throw bad("policy.schedule", "recording by schedule needs a schedule");
    }
    if (policy.minimumDays && policy.retentionDays && policy.minimumDays > policy.retentionDays) {
      throw bad("policy.minimumDays", "more than the days after which footage is deleted");
    }
    if (policy.warmAfterDays && policy.coldAfterDays && policy.coldAfterDays < policy.warmAfterDays) {
      throw bad("policy.coldAfterDays", "earlier than the move to the warm tier");
    }
    const values = { scope, target, ...allOf(policy), updatedAt: toDate(this.#clock.utcMicros()) };
    await this.#orm
      .insert(recordingPolicies)
      .values(values)
      .onConflictDoUpdate({ target: [recordingPolicies.scope, recordingPolicies.target], set: values });
    const stored = { scope, target, policy };
    this.#policies = [...this.#policies.filter((one) => one.scope !== scope || one.target !== target), stored];
    return stored;
  }

  /** Everything is inherited again. */
  async remove(scope: ScopedPolicy["scope"], target: string): Promise<void> {
    await this.#orm
      .delete(recordingPolicies)
      .where(and(eq(recordingPolicies.scope, scope), eq(recordingPolicies.target, target)));
    this.#policies = this.#policies.filter((one) => one.scope !== scope || one.target !== target);
  }

  #inherits(scope: ScopedPolicy["scope"]): boolean {
    return scope !== "system" && this.#policies.some(({ policy }) => policy.schedule);
  }
}

function allOf(policy: RecordingPolicy): Omit<Row, "scope" | "target" | "updatedAt"> {
  return {
    mode: policy.mode ?? null,
    streams: policy.streams ?? null,
    audio: policy.audio ?? null,
    schedule: policy.schedule ?? null,
    preRollSeconds: policy.preRollSeconds ?? null,
    postRollSeconds: policy.postRollSeconds ?? null,
    segmentSeconds: policy.segmentSeconds ?? null,
    retentionDays: policy.retentionDays ?? null,
    minimumDays: policy.minimumDays ?? null,
    maxBytes: policy.maxBytes ?? null,
    warmAfterDays: policy.warmAfterDays ?? null,
    coldAfterDays: policy.coldAfterDays ?? null,
    volumeIds: policy.volumeIds ?? null,
  };
}

function toPolicy({ scope, target, updatedAt: _updatedAt, ...policy }: Row): ScopedPolicy {
  return { scope, target, policy };
}

function bad(field: string, message: string): FluxError {
  return new FluxError("recording.bad_policy", message, { field });
}
