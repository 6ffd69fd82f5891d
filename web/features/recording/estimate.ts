import type { ScopedPolicy, StorageVolume } from "../../../shared/api/recording.ts";
import type { Camera } from "../../../shared/api/schemas.ts";
import type { StorageUsage } from "../../../shared/api/storage-usage.ts";
import { effectivePolicy, type PolicySettings } from "../../../shared/recording/policy.ts";
import { groupOf } from "./policy-draft.ts";
import { hoursOf } from "./week-grid.ts";

/** How much space settings will need, from what streams were measured to carry. Pure. Bytes, and days. */

/** Less was recorded than this: the last day says little about the rate. */
const ENOUGH_SECONDS = 600;
/** Share of the time that an event camera is taken to record until a day of it was measured. */
export const ASSUMED_EVENT_SHARE = 0.1;

export interface CameraEstimate {
  readonly camera: Camera;
  /** While it is recorded; undefined: not measured yet. */
  readonly kbps: number | undefined;
  readonly bytesPerDay: number | undefined;
  readonly retentionDays: number;
  /** What a limit of size leaves of them, as far as is known. */
  readonly keptDays: number;
  readonly neededBytes: number | undefined;
  /** Recorded on events, and the share of time is assumed. */
  readonly assumed: boolean;
}

export interface Estimate {
  readonly cameras: readonly CameraEstimate[];
  readonly bytesPerDay: number;
  readonly neededBytes: number;
  /** Cameras whose streams were never measured. */
  readonly unknown: number;
  readonly assumed: boolean;
  /** Room on the volumes that these cameras are recorded to. */
  readonly capacityBytes: number | undefined;
  /** What all cameras that share that room need together is more than it. */
  readonly short: boolean;
  /** Days until that room is full when all cameras that share it are counted; undefined: not known. */
  readonly daysThatFit: number | undefined;
}

export interface EstimateParts {
  readonly cameras: readonly Camera[];
  readonly policies: readonly ScopedPolicy[];
  readonly usage: StorageUsage | undefined;
  readonly volumes: readonly StorageVolume[];
}

/** `chosen`: ids of the cameras asked about. */
export function estimate(parts: EstimateParts, chosen: ReadonlySet<string>): Estimate {
  const { cameras, policies, volumes } = parts;
  const hot = volumes.filter(({ kind, tier, enabled }) => kind === "local" && tier === "hot" && enabled);
  const each = cameras.map((camera) => {
    const policy = effectivePolicy({ id: camera.id, group: groupOf(camera) }, policies);
    const named = hot.filter(({ id }) => policy.volumeIds.value?.includes(id));
    const { value: most, from } = policy.maxBytes;
    const limit = most === null ? undefined : { most, sharedBy: from === "camera" ? camera.id : from };
    return { one: estimateCamera(camera, policy, parts.usage), limit, pool: named.length > 0 ? named : hot };
  });
  // A limit counts for all cameras together that have it from the same place.
  const wantedOf = new Map<string, number>();
  for (const { one, limit } of each) {
    if (limit) wantedOf.set(limit.sharedBy, (wantedOf.get(limit.sharedBy) ?? 0) + (one.neededBytes ?? 0));
  }
  const all = each.map(({ one, limit, pool }) => {
    const wanted = limit === undefined ? 0 : (wantedOf.get(limit.sharedBy) ?? 0);
    const part = limit === undefined || wanted <= limit.most ? 1 : limit.most / wanted;
    const { neededBytes, retentionDays } = one;
    const limited = neededBytes === undefined ? undefined : neededBytes * part;
    return { one: { ...one, neededBytes: limited, keptDays: retentionDays * part }, pool };
  });
  const asked = all.filter(({ one }) => chosen.has(one.camera.id));
  const pool = new Set(asked.flatMap((entry) => entry.pool));
  const capacities = [...pool].map(capacityOf);
  const capacityBytes = capacities.includes(undefined) ? undefined : total(capacities);
  const sharing = all.filter((entry) => entry.pool.some((volume) => pool.has(volume)));
  const shared = total(sharing.map(({ one }) => one.bytesPerDay));
  const list = asked.map(({ one }) => one);
  return {
    cameras: list,
    bytesPerDay: total(list.map(({ bytesPerDay }) => bytesPerDay)),
    neededBytes: total(list.map(({ neededBytes }) => neededBytes)),
    unknown: list.filter(({ bytesPerDay }) => bytesPerDay === undefined).length,
    assumed: list.some(({ assumed }) => assumed),
    capacityBytes,
    short: capacityBytes !== undefined && total(sharing.map(({ one }) => one.neededBytes)) > capacityBytes,
    daysThatFit: capacityBytes === undefined || shared === 0 ? undefined : capacityBytes / shared,
  };
}

const total = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

/** What recordings may take there at most; undefined: the volume does not answer. */
export function capacityOf({ freeBytes, usedBytes, reserveBytes }: StorageVolume): number | undefined {
  return freeBytes === null ? undefined : Math.max(0, freeBytes + usedBytes - reserveBytes);
}

/** Without regard to a limit of size. */
function estimateCamera(camera: Camera, policy: PolicySettings, usage: StorageUsage | undefined): CameraEstimate {
  const wanted = policy.streams.value;
  const present = camera.status.streams.map(({ role }) => role);
  const roles = (wanted === "both" ? (["main", "sub"] as const) : [wanted]).filter(
    (role) => present.length === 0 || present.includes(role),
  );
  // A camera without the stream that is asked for is recorded by the one that it has.
  const rates = (roles.length > 0 ? roles : present.slice(0, 1)).map((role) => rateOf(camera, role, usage));
  const kbps = rates.some((rate) => rate === undefined) || rates.length === 0 ? undefined : total(rates);
  const { share, assumed } = shareOfDay(camera, policy, usage);
  const bytesPerDay = share === 0 ? 0 : kbps === undefined ? undefined : ((kbps * 1000) / 8) * 86_400 * share;
  const retentionDays = policy.retentionDays.value ?? 0;
  const neededBytes = bytesPerDay === undefined ? undefined : bytesPerDay * retentionDays;
  return { camera, kbps, bytesPerDay, retentionDays, keptDays: retentionDays, neededBytes, assumed };
}

/** kbit/s: as recorded within the last day, else as it comes in now. */
function rateOf(camera: Camera, role: "main" | "sub", usage: StorageUsage | undefined): number | undefined {
  const recorded = usage?.cameras.find((one) => one.cameraId === camera.id && one.role === role);
  if (recorded !== undefined && recorded.secondsLastDay >= ENOUGH_SECONDS) {
    return (recorded.bytesLastDay * 8) / 1000 / recorded.secondsLastDay;
  }
  const now = camera.status.streams.find((stream) => stream.role === role)?.bitrateKbps ?? 0;
  return now > 0 ? now : undefined;
}

/** How much of an average day is recorded, 0 to 1. */
function shareOfDay(
  camera: Camera,
  policy: PolicySettings,
  usage: StorageUsage | undefined,
): { readonly share: number; readonly assumed: boolean } {
  const seconds =
    usage?.cameras.filter(({ cameraId }) => cameraId === camera.id).map((one) => one.secondsLastDay) ?? [];
  const longest = Math.max(0, ...seconds);
  const events = longest >= ENOUGH_SECONDS ? Math.min(1, longest / 86_400) : ASSUMED_EVENT_SHARE;
  const assumed = longest < ENOUGH_SECONDS;
  switch (policy.mode.value) {
    case "off":
      return { share: 0, assumed: false };
    case "continuous":
      return { share: 1, assumed: false };
    case "event":
      return { share: events, assumed };
    case "schedule": {
      const days = policy.schedule.value?.days ?? [];
      const onEvent = hoursOf(days, "e");
      return { share: (hoursOf(days, "c") + onEvent * ASSUMED_EVENT_SHARE) / 168, assumed: onEvent > 0 };
    }
  }
}
