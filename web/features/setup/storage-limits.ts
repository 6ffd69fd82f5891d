/** Of a camera with a main and a sub stream, 1080p as most deliver it; kbit/s. */
const KBPS_PER_CAMERA = 4_500;
const GB = 1e9;
/** A disk that is full to the brim is slow, and the system writes to it too. */
const RESERVE_SHARE = 0.05;
const MIN_RESERVE = 2 * GB;
const MAX_RESERVE = 100 * GB;

/** Free space to leave on a disk of that size, in whole gigabytes. */
export function suggestedReserve(totalBytes: number): number {
  const share = Math.min(MAX_RESERVE, Math.max(MIN_RESERVE, totalBytes * RESERVE_SHARE));
  return Math.round(Math.min(share, totalBytes / 2) / GB) * GB;
}

/** Days that so many cameras can be recorded for, all day. */
export function daysFor(bytes: number, cameras: number): number {
  const bytesPerDay = (Math.max(1, cameras) * KBPS_PER_CAMERA * 1000 * 86_400) / 8;
  return Math.max(0, bytes) / bytesPerDay;
}

/** Whole days, or hours where two days would say too little. */
export function lastingOf(days: number): { readonly days: number } | { readonly hours: number } {
  return days >= 2 ? { days: Math.floor(days) } : { hours: Math.floor(days * 24) };
}
