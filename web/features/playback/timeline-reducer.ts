import {
  centredOn,
  contains,
  following,
  panBy,
  pinch,
  type Range,
  SPAN,
  showing,
  type Viewport,
  viewportAt,
  zoomAbout,
} from "./viewport.ts";

/** What the timeline shows and what is marked on it. Pure. */

export interface TimelineState {
  readonly view: Viewport;
  /** The view goes along with the playhead. */
  readonly follow: boolean;
  readonly selection: Range | undefined;
  /** A plain drag marks a range: for fingers, which have no shift key. */
  readonly selecting: boolean;
  /** The loop's start is marked and its end is not yet. */
  readonly markedMicros: number | undefined;
  /** SYNC off: commands go to the selected tile alone. */
  readonly alone: boolean;
}

export type TimelineAction =
  | { readonly type: "view"; readonly view: Viewport }
  | { readonly type: "zoom"; readonly factor: number; readonly at: number }
  | { readonly type: "pan"; readonly fraction: number }
  | { readonly type: "pinch"; readonly before: readonly [number, number]; readonly now: readonly [number, number] }
  /** The playhead is here. */
  | { readonly type: "playhead"; readonly micros: number; readonly forward: boolean }
  /** Brings an instant into view, in the middle when it was outside. */
  | { readonly type: "reveal"; readonly micros: number }
  | { readonly type: "reveal-range"; readonly range: Range }
  | { readonly type: "follow"; readonly on: boolean }
  | { readonly type: "select"; readonly range: Range | undefined }
  | { readonly type: "selecting"; readonly on: boolean }
  | { readonly type: "mark-start"; readonly micros: number }
  | { readonly type: "mark-end"; readonly micros: number }
  | { readonly type: "alone"; readonly on: boolean };

export function initialTimeline(nowMicros: number): TimelineState {
  return {
    view: centredOn(nowMicros, SPAN.start, 0.85),
    follow: true,
    selection: undefined,
    selecting: false,
    markedMicros: undefined,
    alone: false,
  };
}

export function rangeOf(a: number, b: number): Range {
  return { startMicros: Math.round(Math.min(a, b)), endMicros: Math.round(Math.max(a, b)) };
}

/** Shorter ranges are a slip of the hand. */
const SHORTEST_MICROS = 100_000;

export function timelineReducer(state: TimelineState, action: TimelineAction): TimelineState {
  switch (action.type) {
    case "view":
      return { ...state, view: viewportAt(action.view.startMicros, action.view.spanMicros), follow: false };
    case "zoom":
      return { ...state, view: zoomAbout(state.view, action.factor, action.at) };
    case "pan":
      return { ...state, view: panBy(state.view, action.fraction), follow: false };
    case "pinch":
      return { ...state, view: pinch(state.view, action.before, action.now), follow: false };
    case "playhead": {
      if (!state.follow) return state;
      const view = following(state.view, action.micros, action.forward);
      return view === state.view ? state : { ...state, view };
    }
    case "reveal":
      return {
        ...state,
        follow: true,
        view: contains(state.view, action.micros) ? state.view : centredOn(action.micros, state.view.spanMicros),
      };
    case "reveal-range":
      return { ...state, view: showing(action.range), follow: false };
    case "follow":
      return { ...state, follow: action.on };
    case "select": {
      const { range } = action;
      const kept = range !== undefined && range.endMicros - range.startMicros >= SHORTEST_MICROS ? range : undefined;
      return { ...state, selection: kept, markedMicros: undefined };
    }
    case "selecting":
      return { ...state, selecting: action.on };
    case "mark-start": {
      const end = state.selection?.endMicros;
      // An end that was marked before stays, where it is still an end.
      return end !== undefined && end - action.micros >= SHORTEST_MICROS
        ? { ...state, selection: rangeOf(action.micros, end), markedMicros: undefined }
        : { ...state, selection: undefined, markedMicros: action.micros };
    }
    case "mark-end": {
      const start = state.markedMicros ?? state.selection?.startMicros;
      if (start === undefined || action.micros - start < SHORTEST_MICROS) return state;
      return { ...state, selection: rangeOf(start, action.micros), markedMicros: undefined };
    }
    case "alone":
      return { ...state, alone: action.on };
  }
}
