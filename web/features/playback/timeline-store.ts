import { initialTimeline, type TimelineAction, type TimelineState, timelineReducer } from "./timeline-reducer.ts";

/** Holds the timeline's state outside React: the canvas follows a pan at 60 fps, the page renders only what it reads. */
export interface TimelineStore {
  get(): TimelineState;
  dispatch(action: TimelineAction): void;
  subscribe(listener: () => void): () => void;
}

export function createTimelineStore(nowMicros: number): TimelineStore {
  const listeners = new Set<() => void>();
  let state = initialTimeline(nowMicros);
  return {
    get: () => state,
    dispatch(action) {
      const next = timelineReducer(state, action);
      if (next === state) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
