/** `/?t=…&camera=…`: opens a camera at a time. */

export interface TimeLink {
  readonly micros: number;
  readonly cameraId: string | undefined;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Between 1990 and 2100 in ms. */
const PLAUSIBLE_MS = { first: Date.UTC(1990, 0, 1), last: Date.UTC(2100, 0, 1) } as const;

/** ISO 8601 with a zone, or ms since 1970. A time without a zone would mean something else on every computer: refused. */
export function parseLinkTime(value: unknown): number | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  const iso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/i.test(text);
  const ms = /^\d{9,16}$/.test(text) ? Number(text) : iso ? Date.parse(text) : Number.NaN;
  return ms >= PLAUSIBLE_MS.first && ms <= PLAUSIBLE_MS.last ? Math.round(ms * 1000) : undefined;
}

export function parseLink(search: { readonly t?: unknown; readonly camera?: unknown }): TimeLink | undefined {
  const micros = parseLinkTime(search.t);
  if (micros === undefined) return undefined;
  const cameraId = typeof search.camera === "string" && uuid.test(search.camera) ? search.camera : undefined;
  return { micros, cameraId };
}

export function linkTo(origin: string, link: TimeLink): string {
  const query = new URLSearchParams({ t: new Date(link.micros / 1000).toISOString() });
  if (link.cameraId !== undefined) query.set("camera", link.cameraId);
  return `${origin}/?${query}`;
}
