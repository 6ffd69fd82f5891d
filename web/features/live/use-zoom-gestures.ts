import { type RefObject, useEffect, useRef } from "react";
import { isZoomed, panBy, type View, zoomAt } from "./digital-zoom.ts";
import type { Rect } from "./layout-geometry.ts";

interface ZoomOptions {
  readonly view: View;
  /** Where the picture lies in the element, CSS pixels. */
  readonly picture: Rect;
  readonly enabled: boolean;
  readonly onView: (view: View) => void;
  readonly onDoubleTap: () => void;
}

interface Finger {
  x: number;
  y: number;
}

const DOUBLE_TAP_MS = 320;
const TAP_SLOP_PX = 12;

/** Wheel and pinch zoom, dragging of the zoomed picture, double tap. Native listeners: React's wheel listener is passive. */
export function useZoomGestures(ref: RefObject<HTMLElement | null>, options: ZoomOptions): { wasTouch(): boolean } {
  const latest = useRef(options);
  latest.current = options;
  const lastTouchAt = useRef(Number.NEGATIVE_INFINITY);

  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const fingers = new Map<number, Finger>();
    let lastTap: (Finger & { at: number }) | undefined;
    let down: (Finger & { at: number }) | undefined;
    // Several events arrive between two renders; they build on each other, not on the last rendered view.
    let live = latest.current.view;

    const inPicture = (clientX: number, clientY: number): Finger => {
      const box = element.getBoundingClientRect();
      const { picture } = latest.current;
      return {
        x: (clientX - box.left - picture.x) / picture.width,
        y: (clientY - box.top - picture.y) / picture.height,
      };
    };
    const change = (next: View): void => {
      live = next;
      latest.current.onView(next);
    };
    const wheel = (event: WheelEvent): void => {
      const { enabled, view } = latest.current;
      if (!enabled || event.ctrlKey || (event.deltaY > 0 && !isZoomed(view))) return;
      event.preventDefault();
      const at = inPicture(event.clientX, event.clientY);
      live = view;
      change(zoomAt(live, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018)), at.x, at.y));
    };
    const pointerDown = (event: PointerEvent): void => {
      if (event.pointerType === "touch") lastTouchAt.current = event.timeStamp;
      if (event.button !== 0 || (event.target as HTMLElement).closest("button") !== null) return;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      live = latest.current.view;
      down = fingers.size === 1 ? { x: event.clientX, y: event.clientY, at: event.timeStamp } : undefined;
      if (latest.current.enabled && (isZoomed(live) || fingers.size > 1)) element.setPointerCapture(event.pointerId);
    };
    const pointerMove = (event: PointerEvent): void => {
      const before = fingers.get(event.pointerId);
      if (before === undefined || !latest.current.enabled) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      fingers.set(event.pointerId, now);
      const { picture } = latest.current;
      if (other !== undefined) {
        const grown =
          Math.hypot(now.x - other.x, now.y - other.y) /
          Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
        const middle = inPicture((now.x + other.x) / 2, (now.y + other.y) / 2);
        change(zoomAt(live, grown, middle.x, middle.y));
      } else if (isZoomed(live)) {
        change(panBy(live, (now.x - before.x) / picture.width, (now.y - before.y) / picture.height));
      }
    };
    const pointerEnd = (event: PointerEvent): void => {
      fingers.delete(event.pointerId);
      const start = down;
      down = undefined;
      if (event.type !== "pointerup" || event.pointerType !== "touch" || start === undefined) return;
      const isTap =
        Math.hypot(event.clientX - start.x, event.clientY - start.y) < TAP_SLOP_PX && event.timeStamp - start.at < 300;
      if (!isTap) return;
      if (lastTap !== undefined && event.timeStamp - lastTap.at < DOUBLE_TAP_MS) {
        lastTap = undefined;
        latest.current.onDoubleTap();
      } else {
        lastTap = { x: event.clientX, y: event.clientY, at: event.timeStamp };
      }
    };

    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("pointerdown", pointerDown);
    element.addEventListener("pointermove", pointerMove);
    element.addEventListener("pointerup", pointerEnd);
    element.addEventListener("pointercancel", pointerEnd);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("pointerdown", pointerDown);
      element.removeEventListener("pointermove", pointerMove);
      element.removeEventListener("pointerup", pointerEnd);
      element.removeEventListener("pointercancel", pointerEnd);
    };
  }, [ref]);

  // A double tap also makes a dblclick on most touch screens; one of the two must count.
  return {
    wasTouch: () =>
      document.timeline.currentTime !== null && Number(document.timeline.currentTime) - lastTouchAt.current < 1000,
  };
}
