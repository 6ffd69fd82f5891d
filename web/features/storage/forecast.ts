import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { VolumeUsage } from "../../../shared/api/storage-usage.ts";

/** When a volume will be full. Pure. */

const HOUR_MICROS = 3_600_000_000;
const DAY_MICROS = 24 * HOUR_MICROS;
/** A shorter time says nothing about days. */
const SHORTEST_MICROS = 10 * 60_000_000;

/**
 * Days until the reserve is reached at the rate of the last day, or of as much of it as there is; undefined: not known.
 * Retention may begin to delete before.
 */
export function daysLeft(
  { freeBytes, reserveBytes }: StorageVolume,
  { bytesLastDay, firstMicros }: VolumeUsage,
  atMicros: number,
): number | undefined {
  const measured = Math.min(DAY_MICROS, atMicros - firstMicros);
  if (freeBytes === null || bytesLastDay === 0 || measured < SHORTEST_MICROS) return undefined;
  return (Math.max(0, freeBytes - reserveBytes) / bytesLastDay) * (measured / DAY_MICROS);
}

/** Bytes per second within the last hour, or as much of it as there is. */
export function lastHourRate({ bytesLastHour, firstMicros }: VolumeUsage, atMicros: number): number {
  const measured = Math.min(HOUR_MICROS, atMicros - firstMicros);
  return measured <= 0 ? 0 : bytesLastHour / (measured / 1_000_000);
}
