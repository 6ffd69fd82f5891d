import { rangeOf } from "./timeline-reducer.ts";
import { type Range, toMicros, toX, type Viewport } from "./viewport.ts";

/** What pointers on the timeline mean. Positions 0..1 are fractions of the width. */
export interface GestureTarget {
  view(): Viewport;
  /** CSS pixels. */
  width(): number;
  /** Height of the ruler, whose drag scrubs. */
  readonly rulerHeight: number;
  playheadMicros(): number;
  /** A plain drag marks a range. */
  selecting(): boolean;
  zoom(factor: number, at: number): void;
  pan(fraction: number): void;
  pinch(before: readonly [number, number], now: readonly [number, number]): void;
  /** `exact`: the drag has ended. */
  scrub(micros: number, exact: boolean): void;
  seek(micros: number): void;
  select(range: Range): void;
  hover(micros: number | undefined): void;
}

type Mode =
  | { readonly kind: "press"; readonly x: number }
  | { readonly kind: "pan" }
  /** `micros`: what was last shown of it; undefined: nothing yet. */
  | { readonly kind: "scrub"; readonly micros: number | undefined }
  | { readonly kind: "select"; readonly fromMicros: number }
  | { readonly kind: "pinch" };

/** A press that moves less is a click. */
const SLOP_PX = { mouse: 4, touch: 10 } as const;
const GRIP_PX = { mouse: 6, touch: 22 } as const;

const kindOf = (event: PointerEvent): "mouse" | "touch" => (event.pointerType === "mouse" ? "mouse" : "touch");

/** Listens until the returned function is called. Native listeners: React's wheel listener is passive. */
export function listenToGestures(element: HTMLElement, target: GestureTarget): () => void {
  const pointers = new Map<number, number>();
  let mode: Mode | undefined;

  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const at = (x: number): number => toMicros(target.view(), x, target.width());

  const within = (x: number): number => at(Math.min(Math.max(0, x), target.width()));
  const scrub = (x: number): void => {
    const micros = within(x);
    mode = { kind: "scrub", micros };
    target.scrub(micros, false);
  };
  /** However a scrub ends, its end is told: playback stands until then. */
  const settle = (): void => {
    if (mode?.kind === "scrub" && mode.micros !== undefined) target.scrub(mode.micros, true);
    mode = undefined;
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const { x, y } = place(event);
    pointers.set(event.pointerId, x);
    element.setPointerCapture(event.pointerId);
    target.hover(undefined);
    if (pointers.size > 1) {
      settle();
      mode = { kind: "pinch" };
      return;
    }
    if (event.shiftKey || target.selecting()) {
      mode = { kind: "select", fromMicros: at(x) };
      return;
    }
    const grip = Math.abs(toX(target.view(), target.playheadMicros(), target.width()) - x) <= GRIP_PX[kindOf(event)];
    if (grip) mode = { kind: "scrub", micros: undefined };
    else if (y <= target.rulerHeight) scrub(x);
    else mode = { kind: "press", x };
  };

  const move = (event: PointerEvent): void => {
    const { x } = place(event);
    const before = pointers.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType !== "touch") target.hover(x >= 0 && x <= target.width() ? at(x) : undefined);
      return;
    }
    const width = Math.max(1, target.width());
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (mode?.kind === "press" && Math.abs(x - mode.x) > SLOP_PX[kindOf(event)]) mode = { kind: "pan" };
    if (mode?.kind === "press") return;
    pointers.set(event.pointerId, x);
    if (mode?.kind === "pinch" && other !== undefined) {
      target.pinch([before / width, other / width], [x / width, other / width]);
    } else if (mode?.kind === "pan") target.pan((x - before) / width);
    else if (mode?.kind === "scrub") scrub(x);
    else if (mode?.kind === "select") target.select(rangeOf(mode.fromMicros, at(x)));
  };

  const end = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    // The finger that stays after a pinch goes on panning, without a jump.
    if (pointers.size > 0) {
      mode = { kind: "pan" };
      return;
    }
    // A cancelled pointer says no place.
    const x = event.type === "pointerup" ? place(event).x : undefined;
    if (mode?.kind === "press" && x !== undefined) target.seek(at(x));
    if (mode?.kind === "scrub" && x !== undefined) mode = { kind: "scrub", micros: within(x) };
    settle();
  };

  const leave = (): void => target.hover(undefined);

  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 28 : 1;
    const { x } = place(event);
    const sideways = event.shiftKey ? event.deltaY + event.deltaX : event.deltaX;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      target.pan((-sideways * lines) / Math.max(1, target.width()));
    } else target.zoom(Math.exp(-event.deltaY * lines * 0.0022), x / Math.max(1, target.width()));
    if (pointers.size === 0) target.hover(at(x));
  };

  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("pointerleave", leave);
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    settle();
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", end);
    element.removeEventListener("pointercancel", end);
    element.removeEventListener("pointerleave", leave);
    element.removeEventListener("wheel", wheel);
  };
}
