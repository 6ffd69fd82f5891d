import type { Timeline, TimelineCamera } from "../../../shared/api/recording.ts";
import { endOf, toX, type Viewport } from "./viewport.ts";

/** Spans of time as bars of pixels. */

export type BarKind = "recorded" | "gap" | "event" | "bookmark" | "locked";

export interface Bar {
  readonly x: number;
  readonly width: number;
}

export type Span = readonly [number, number];

/** Bars of sorted spans: cut to the view, never thinner than `thinnest`, and one where they would touch anyway. */
export function barsOf(spans: readonly Span[], view: Viewport, width: number, thinnest = 1): Bar[] {
  const bars: { x: number; width: number }[] = [];
  const end = endOf(view);
  for (let index = firstEndingAfter(spans, view.startMicros); index < spans.length; index += 1) {
    const span = spans[index];
    if (span === undefined || span[0] > end) break;
    if (span[1] < view.startMicros) continue;
    const x = toX(view, Math.max(span[0], view.startMicros), width);
    const right = Math.max(toX(view, Math.min(span[1], end), width), x + thinnest);
    const last = bars.at(-1);
    if (last !== undefined && x - (last.x + last.width) < 0.5) last.width = Math.max(last.width, right - last.x);
    else bars.push({ x, width: right - x });
  }
  return bars;
}

/** Index of the first span that may reach into the view. Spans of events can overlap: a few more are looked at. */
function firstEndingAfter(spans: readonly Span[], micros: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.[1] ?? 0) < micros) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 32);
}

const spanOf = ({ startMicros, endMicros }: { startMicros: number; endMicros: number }): Span => [
  startMicros,
  endMicros,
];

export interface Row {
  readonly recorded: readonly Span[];
  readonly gaps: readonly Span[];
  readonly events: readonly Span[];
  readonly bookmarks: readonly Span[];
  readonly locked: readonly Span[];
}

export const EMPTY_ROW: Row = { recorded: [], gaps: [], events: [], bookmarks: [], locked: [] };

const inOrder = (spans: Span[]): Span[] => spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);

/** What the timeline draws of one camera. */
export function cameraRow(camera: TimelineCamera | undefined): Row {
  if (camera === undefined) return EMPTY_ROW;
  return {
    recorded: camera.recorded,
    gaps: camera.gaps.map(spanOf),
    events: inOrder(camera.events.map(spanOf)),
    bookmarks: inOrder(camera.bookmarks.map(spanOf)),
    locked: camera.locked,
  };
}

/** All cameras together. A gap of one camera is no gap of the wall: that row has none. */
export function wallRow(timeline: Timeline | undefined): Row {
  if (timeline === undefined) return EMPTY_ROW;
  const every = (pick: (camera: TimelineCamera) => Span[]): Span[] => inOrder(timeline.cameras.flatMap(pick));
  return {
    recorded: timeline.all,
    gaps: [],
    events: timeline.events,
    bookmarks: every((camera) => camera.bookmarks.map(spanOf)),
    locked: every((camera) => [...camera.locked]),
  };
}

/** What lies at an instant, for the card that follows the pointer. `slackMicros`: a few pixels. */
export function whatIsAt(
  camera: TimelineCamera | undefined,
  micros: number,
  slackMicros: number,
): {
  readonly recorded: boolean;
  readonly locked: boolean;
  readonly gap: TimelineCamera["gaps"][number] | undefined;
  readonly event: TimelineCamera["events"][number] | undefined;
  readonly bookmark: TimelineCamera["bookmarks"][number] | undefined;
} {
  const touches = (start: number, end: number): boolean => micros >= start - slackMicros && micros <= end + slackMicros;
  const inSpans = (spans: readonly Span[]): boolean => spans.some(([start, end]) => micros >= start && micros < end);
  const near = <T extends { startMicros: number; endMicros: number }>(marks: readonly T[]): T | undefined =>
    marks.find((mark) => touches(mark.startMicros, mark.endMicros));
  return {
    recorded: inSpans(camera?.recorded ?? []),
    locked: inSpans(camera?.locked ?? []),
    gap: near(camera?.gaps ?? []),
    event: near(camera?.events ?? []),
    bookmark: near(camera?.bookmarks ?? []),
  };
}
