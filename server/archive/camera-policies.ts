import { and, lt, sql } from "drizzle-orm";
import type { EffectivePolicy, ScopedPolicy } from "../../shared/api/recording.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import {
  effectivePolicy,
  groupChain,
  type PolicySettings,
  type PolicyTarget,
  resolvePolicy,
  SYSTEM_TARGET,
} from "../../shared/recording/policy.ts";
import type { Orm } from "../db/database.ts";
import { cameraEvents, recordingGaps, removedCameras, segments } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

export interface CameraPoliciesParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly cameras: () => readonly { readonly id: string; readonly group: string }[];
  readonly policies: { readonly all: readonly ScopedPolicy[] };
}

/** The last footage of a camera may reach the index after the camera is gone. */
const REMEMBERED_MS = 86_400_000;

/**
 * Which settings recordings follow, also those of cameras that are gone. A removed camera's follow those of its place. Of a
 * camera that nobody knows (its files came from elsewhere) they are kept as long as any place keeps its own.
 */
export class CameraPolicies {
  readonly #parts: CameraPoliciesParts;
  #removed: ReadonlyMap<string, string> | undefined;
  #longest: { readonly of: readonly ScopedPolicy[]; readonly policy: PolicySettings } | undefined;

  constructor(parts: CameraPoliciesParts) {
    this.#parts = parts;
  }

  /** Reads the cameras that were removed, and forgets those of which nothing is left. To be called when the cameras are known. */
  async load(): Promise<void> {
    const { orm, clock } = this.#parts;
    const rows = await orm.select().from(removedCameras);
    this.#removed = new Map(rows.map(({ cameraId, groupPath }) => [cameraId, groupPath]));
    if (rows.length === 0) return;
    const left = [segments, recordingGaps, cameraEvents].map(
      (table) => sql`exists (select 1 from ${table} where ${table.cameraId} = ${removedCameras.cameraId})`,
    );
    const before = new Date(toDate(clock.utcMicros()).getTime() - REMEMBERED_MS);
    await orm
      .delete(removedCameras)
      .where(and(lt(removedCameras.removedAt, before), sql`not (${sql.join(left, sql` or `)})`));
  }

  /** As `load`, once it was called. */
  async refresh(): Promise<void> {
    if (this.#removed !== undefined) await this.load();
  }

  /** Undefined: the cameras are not known yet. */
  of(cameraId: string): EffectivePolicy | undefined {
    if (this.#removed === undefined) return undefined;
    const { all } = this.#parts.policies;
    const group = this.#parts.cameras().find(({ id }) => id === cameraId)?.group ?? this.#removed.get(cameraId);
    if (group !== undefined) return effectivePolicy({ id: cameraId, group }, all);
    if (this.#longest?.of !== all) this.#longest = { of: all, policy: longestOf(all) };
    return { cameraId, ...withOwn(this.#longest.policy, cameraId, all) };
  }
}

/** The longest times of all places. Nothing goes by size, and nothing moves to another tier. */
function longestOf(policies: readonly ScopedPolicy[]): PolicySettings {
  const chains = policies.map(({ scope, target }): readonly PolicyTarget[] => {
    return scope === "group" ? groupChain(target) : [SYSTEM_TARGET, { scope, target }];
  });
  const system = resolvePolicy([SYSTEM_TARGET], policies);
  const days = ({ value }: PolicySettings["retentionDays"]): number => value ?? Number.POSITIVE_INFINITY;
  let { retentionDays, minimumDays } = system;
  for (const chain of chains) {
    const place = resolvePolicy(chain, policies);
    if (days(place.retentionDays) > days(retentionDays)) retentionDays = place.retentionDays;
    if (place.minimumDays.value > minimumDays.value) minimumDays = place.minimumDays;
  }
  const never = { value: null, from: "default" };
  return { ...system, retentionDays, minimumDays, maxBytes: never, warmAfterDays: never, coldAfterDays: never };
}

/** What is said for this very id holds: so what is left of a camera that nobody knows can be let go. */
function withOwn(policy: PolicySettings, cameraId: string, policies: readonly ScopedPolicy[]): PolicySettings {
  const own = Object.entries(resolvePolicy([{ scope: "camera", target: cameraId }], policies));
  return { ...policy, ...Object.fromEntries(own.filter(([, setting]) => setting.from === "camera")) };
}
