/** `/?t=…&camera=…`: opens a camera at a time. */

export interface TimeLink {
  readonly micros: number;
  readonly cameraId: string | undefined;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Between 1990 and 2100 in ms. */
const PLAUSIBLE_MS = { first: Date.UTC(1990, 0, 1), last: Date.UTC(2100, 0, 1) } as const;

/**
 * ISO 8601 with a zone, or ms since 1970; µs. A time without a zone would mean something else on every computer: refused.
 */
export function parseLinkTime(value: unknown): number | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  const iso = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})$/i.exec(text);
  // A Date knows milliseconds only.
  const ms = /^\d{9,16}$/.test(text)
    ? Number(text)
    : iso
      ? Date.parse(`${iso[1]}:${iso[2] ?? "00"}${iso[4]}`)
      : Number.NaN;
  if (!(ms >= PLAUSIBLE_MS.first && ms <= PLAUSIBLE_MS.last)) return undefined;
  return ms * 1000 + Number((iso?.[3] ?? "").padEnd(6, "0").slice(0, 6));
}

/** "2026-11-20T14:05:09.123456Z": to the microsecond, as pictures are told apart by no less. */
export function linkTime(micros: number): string {
  const whole = Math.floor(micros / 1_000_000);
  const fraction = String(Math.floor(micros) % 1_000_000).padStart(6, "0");
  return `${new Date(whole * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

export function parseLink(search: { readonly t?: unknown; readonly camera?: unknown }): TimeLink | undefined {
  const micros = parseLinkTime(search.t);
  if (micros === undefined) return undefined;
  const cameraId = typeof search.camera === "string" && uuid.test(search.camera) ? search.camera : undefined;
  return { micros, cameraId };
}

export function linkTo(origin: string, link: TimeLink): string {
  const query = new URLSearchParams({ t: linkTime(link.micros) });
  if (link.cameraId !== undefined) query.set("camera", link.cameraId);
  return `${origin}/?${query}`;
}
