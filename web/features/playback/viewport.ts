/** The stretch of time that the timeline shows. Pure; all times in µs UTC, all lengths in CSS pixels. */

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** From a second over the whole width to a quarter of a year. */
export const SPAN = { min: SECOND, start: 2 * HOUR, max: 92 * DAY } as const;

export interface Viewport {
  readonly startMicros: number;
  readonly spanMicros: number;
}

export interface Range {
  readonly startMicros: number;
  readonly endMicros: number;
}

/** No camera recorded before 1990, and years ahead hold nothing. */
const BOUNDS = { first: Date.UTC(1990, 0, 1) * 1000, last: Date.UTC(2100, 0, 1) * 1000 } as const;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

export function viewportAt(startMicros: number, spanMicros: number): Viewport {
  const span = clamp(Math.round(spanMicros), SPAN.min, SPAN.max);
  return { startMicros: Math.round(clamp(startMicros, BOUNDS.first, BOUNDS.last - span)), spanMicros: span };
}

export function endOf(view: Viewport): number {
  return view.startMicros + view.spanMicros;
}

/** Centres `micros` at `at`, 0..1 of the width. */
export function centredOn(micros: number, spanMicros: number, at = 0.5): Viewport {
  const span = clamp(spanMicros, SPAN.min, SPAN.max);
  return viewportAt(micros - span * at, span);
}

export function toX(view: Viewport, micros: number, width: number): number {
  return ((micros - view.startMicros) / view.spanMicros) * width;
}

export function toMicros(view: Viewport, x: number, width: number): number {
  return Math.round(view.startMicros + (x / Math.max(1, width)) * view.spanMicros);
}

/** Zooms by `factor` (> 1: closer) and keeps what lies at `at`, 0..1 of the width, where it is. */
export function zoomAbout(view: Viewport, factor: number, at: number): Viewport {
  const span = clamp(view.spanMicros / factor, SPAN.min, SPAN.max);
  return viewportAt(view.startMicros + (view.spanMicros - span) * clamp(at, 0, 1), span);
}

/** Moves the content with the pointer by `fraction` of the width. */
export function panBy(view: Viewport, fraction: number): Viewport {
  return viewportAt(view.startMicros - fraction * view.spanMicros, view.spanMicros);
}

/** Two fingers: what lay under them stays under them. Positions 0..1 of the width. */
export function pinch(view: Viewport, before: readonly [number, number], now: readonly [number, number]): Viewport {
  const apart = Math.max(0.01, Math.abs(before[1] - before[0]));
  const grown = Math.max(0.01, Math.abs(now[1] - now[0])) / apart;
  const middle = (before[0] + before[1]) / 2;
  return panBy(zoomAbout(view, grown, middle), (now[0] + now[1]) / 2 - middle);
}

export function contains(view: Viewport, micros: number): boolean {
  return micros >= view.startMicros && micros <= endOf(view);
}

/** A playhead that is about to leave is brought back so that most of what comes is in view. */
export function following(view: Viewport, micros: number, forward: boolean): Viewport {
  const at = (micros - view.startMicros) / view.spanMicros;
  if (at >= 0.02 && at <= 0.95) return view;
  return centredOn(micros, view.spanMicros, forward ? 0.1 : 0.9);
}

/** The whole of `range` with a little room at both sides. */
export function showing(range: Range): Viewport {
  const span = Math.max(range.endMicros - range.startMicros, SPAN.min);
  return viewportAt(range.startMicros - span * 0.05, span * 1.1);
}

const powerAtLeast = (value: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, value)));

export interface TimelineWindow extends Range {
  readonly resolutionMicros: number;
}

/**
 * What to ask the server for: a grid of stretches a little larger than the view, so that panning and zooming by a few
 * pixels ask nothing new, at a resolution of about a CSS pixel.
 */
export function windowFor(view: Viewport): TimelineWindow {
  const step = powerAtLeast(view.spanMicros) / 2;
  const startMicros = Math.max(0, Math.floor((view.startMicros - view.spanMicros / 4) / step) * step);
  const endMicros = Math.ceil((endOf(view) + view.spanMicros / 4) / step) * step;
  return { startMicros, endMicros, resolutionMicros: Math.max(1, Math.round(step / 1024)) };
}
