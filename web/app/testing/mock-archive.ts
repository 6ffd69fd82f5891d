import { randomUUID } from "node:crypto";
import type { Bookmark, Timeline, TimelineCamera } from "../../../shared/api/recording.ts";
import type { NearestMark, TimelineMark } from "../../../shared/api/timeline-marks.ts";

/** Footage that always looks the same, up to now: the API's side of the archive for the console's own tests. */

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAYS_KEPT = 20;

const nowMicros = (): number => Date.now() * 1000;
const at = "2026-03-02T08:15:00.000Z";

export function mockBookmark(change: Partial<Bookmark> = {}): Bookmark {
  return {
    id: randomUUID(),
    cameraId: "00000001-0000-4000-8000-000000000000",
    startMicros: nowMicros() - HOUR / 2,
    endMicros: nowMicros() - HOUR / 2 + 60 * SECOND,
    title: "Delivery van",
    note: "",
    tags: [],
    colour: "blue",
    createdByName: "Min-jun Kim",
    createdAt: at,
    updatedAt: at,
    ...change,
  };
}

/** Runs of 50 minutes by the full hour, shifted by camera; every third one ends in a gap; events every few minutes. */
function cameraOf(cameraId: string, start: number, end: number, bookmarks: readonly Bookmark[]): TimelineCamera {
  const now = nowMicros();
  const number = Number(cameraId.slice(0, 8)) || 0;
  const first = Math.max(start, now - DAYS_KEPT * 24 * HOUR);
  const camera: TimelineCamera = {
    cameraId,
    recorded: [],
    gaps: [],
    events: [],
    bookmarks: bookmarks.filter((bookmark) => bookmark.cameraId === cameraId),
    locked: [],
  };
  // Offline for as long as anybody remembers.
  if (cameraId.endsWith("a")) return camera;
  for (let hour = Math.floor(first / HOUR); hour * HOUR < Math.min(end, now); hour += 1) {
    const from = hour * HOUR;
    const gap = (hour + number) % 3 === 0;
    camera.recorded.push([from, Math.min(now, from + (gap ? 50 / 60 : 1) * HOUR)]);
    const lost = { startMicros: from + (50 / 60) * HOUR, endMicros: from + HOUR };
    if (gap && lost.endMicros < now) camera.gaps.push({ ...lost, reason: "camera-offline", frames: 0 });
    for (let minute = 4 + (number % 5); minute < 48; minute += 11) {
      const startMicros = from + minute * 60 * SECOND;
      if (startMicros > now) break;
      camera.events.push({ startMicros, endMicros: startMicros + 40 * SECOND, kind: "motion", count: 1, title: null });
    }
    if (hour % 12 === 5) camera.locked.push([from + 0.2 * HOUR, Math.min(now, from + 0.6 * HOUR)]);
  }
  return camera;
}

const list = (query: URLSearchParams): string[] => (query.get("cameras") ?? "").split(",").filter((id) => id !== "");

export function mockTimeline(query: URLSearchParams, bookmarks: readonly Bookmark[]): Timeline {
  const startMicros = Number(query.get("startMicros"));
  const endMicros = Number(query.get("endMicros"));
  const cameras = list(query).map((id) => cameraOf(id, startMicros, endMicros, bookmarks));
  const all = cameras.flatMap(({ recorded }) => recorded).sort((a, b) => a[0] - b[0]);
  return {
    startMicros,
    endMicros,
    resolutionMicros: Number(query.get("resolutionMicros")),
    cameras,
    all,
    events: cameras
      .flatMap(({ events }) => events.map((one): [number, number] => [one.startMicros, one.endMicros]))
      .sort((a, b) => a[0] - b[0]),
    firstMicros: nowMicros() - DAYS_KEPT * 24 * HOUR,
    lastMicros: nowMicros(),
  };
}

export function mockNearest(query: URLSearchParams, bookmarks: readonly Bookmark[]): NearestMark {
  const from = Number(query.get("fromMicros"));
  const marks = list(query)
    .map((id) => cameraOf(id, 0, nowMicros(), bookmarks))
    .flatMap(({ cameraId, events, gaps, bookmarks: own }) => {
      const of = (kind: TimelineMark["kind"], all: readonly { startMicros: number; endMicros: number }[]) =>
        all.map(({ startMicros, endMicros }): TimelineMark => ({ kind, cameraId, startMicros, endMicros }));
      return [...of("event", events), ...of("gap", gaps), ...of("bookmark", own)];
    })
    .sort((a, b) => a.startMicros - b.startMicros);
  const mark =
    query.get("direction") === "next"
      ? marks.find(({ startMicros }) => startMicros > from)
      : marks.findLast(({ startMicros }) => startMicros < from);
  return { mark: mark ?? null };
}

export function mockDays(query: URLSearchParams): { month: string; timeZone: string; days: number[] } {
  const month = query.get("month") ?? "";
  const days = Array.from({ length: 31 }, (_, index) => index + 1).filter((day) => {
    const then = Date.parse(`${month}-${String(day).padStart(2, "0")}T12:00:00Z`);
    return then <= Date.now() && then > Date.now() - DAYS_KEPT * 86_400_000;
  });
  return { month, timeZone: query.get("timeZone") ?? "UTC", days };
}
