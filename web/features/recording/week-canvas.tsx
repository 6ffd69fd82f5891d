import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "../../ui/cn.ts";
import { type Brush, brushAt, type Cell, DAYS, paint, SLOTS, slotTime, spansOf, type Week } from "./week-grid.ts";

/** Colour and pattern: who cannot tell the colours apart sees the stripes. */
export const brushClass: Readonly<Record<Brush, string>> = {
  "-": "bg-ground",
  c: "bg-accent-strong",
  e: "bg-warn-soft bg-[repeating-linear-gradient(45deg,var(--color-warn)_0_3px,transparent_3px_7px)]",
};
export const brushName = { "-": "off", c: "continuous", e: "event" } as const;

interface WeekCanvasProps {
  readonly week: Week;
  readonly brush: Brush;
  readonly disabled?: boolean;
  readonly onBrush: (brush: Brush) => void;
  readonly onChange: (week: Week) => void;
}

/** By how many days and half hours a key moves. */
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -SLOTS],
  End: [0, SLOTS],
};
const BRUSH_KEYS: Readonly<Record<string, Brush>> = { "1": "c", "2": "e", "3": "-" };
const HOURS = Array.from({ length: 25 }, (_, hour) => hour);
const clamp = (value: number, most: number): number => Math.max(0, Math.min(most - 1, value));

/** The week to paint on: drag with mouse or finger, or move with the arrow keys and paint with the space bar. */
export function WeekCanvas({ week, brush, disabled = false, onBrush, onChange }: WeekCanvasProps): ReactNode {
  const { t } = useTranslation();
  const days = useDayNames();
  const rows = useRef<HTMLDivElement>(null);
  const helpId = useId();
  const [drag, setDrag] = useState<{ readonly from: Cell; readonly to: Cell }>();
  const [cursor, setCursor] = useState<{ readonly at: Cell; readonly anchor: Cell }>({
    at: { day: 0, slot: 16 },
    anchor: { day: 0, slot: 16 },
  });
  const shown = drag === undefined ? week : paint(week, drag.from, drag.to, brush);

  const cellAt = (event: PointerEvent): Cell | undefined => {
    const box = rows.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return undefined;
    return {
      day: clamp(Math.floor(((event.clientY - box.top) / box.height) * DAYS), DAYS),
      slot: clamp(Math.floor(((event.clientX - box.left) / box.width) * SLOTS), SLOTS),
    };
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    const cell = cellAt(event);
    if (disabled || event.button !== 0 || cell === undefined) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ from: cell, to: cell });
    setCursor({ at: cell, anchor: cell });
  };
  const onPointerMove = (event: PointerEvent): void => {
    const cell = cellAt(event);
    if (drag !== undefined && cell !== undefined) setDrag({ from: drag.from, to: cell });
  };
  const onPointerUp = (): void => {
    if (drag === undefined) return;
    onChange(paint(week, drag.from, drag.to, brush));
    setCursor({ at: drag.to, anchor: drag.to });
    setDrag(undefined);
  };

  const move = (days: number, slots: number, extend: boolean): void => {
    const at = { day: clamp(cursor.at.day + days, DAYS), slot: clamp(cursor.at.slot + slots, SLOTS) };
    setCursor({ at, anchor: extend ? cursor.anchor : at });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (disabled || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    const brushKey = BRUSH_KEYS[event.key];
    if (step !== undefined) move(step[0], step[1], event.shiftKey);
    else if (event.key === " " || event.key === "Enter") onChange(paint(week, cursor.anchor, cursor.at, brush));
    else if (brushKey !== undefined) onBrush(brushKey);
    else return;
    event.preventDefault();
  };

  const { at, anchor } = cursor;
  const [firstSlot, lastSlot] = [Math.min(at.slot, anchor.slot), Math.max(at.slot, anchor.slot)];
  const [firstDay, lastDay] = [Math.min(at.day, anchor.day), Math.max(at.day, anchor.day)];
  return (
    <div className="select-none">
      <div className="grid grid-cols-[2.75rem_minmax(0,1fr)]">
        <div />
        <div className="nums relative h-5 text-2xs text-fg-muted" aria-hidden="true">
          {HOURS.map((hour) => (
            <span
              key={hour}
              className={cn(
                "absolute -translate-x-1/2 first:translate-x-0 last:-translate-x-full",
                hour % 6 !== 0 && "max-sm:hidden",
                hour % 3 !== 0 && "max-xl:hidden",
              )}
              style={{ left: `${(hour / 24) * 100}%` }}
            >
              {hour}
            </span>
          ))}
        </div>
        <div className="grid grid-rows-7 text-fg-soft text-xs">
          {days.map(({ short, long }) => (
            <span key={long} className="flex h-7 items-center coarse:h-10" title={long}>
              {short}
            </span>
          ))}
        </div>
        {/* A canvas of its own: what it shows is told in words below. */}
        <div
          ref={rows}
          role="application"
          tabIndex={disabled ? -1 : 0}
          aria-label={t("recording.week.label")}
          aria-describedby={helpId}
          data-testid="week"
          className={cn(
            "group relative grid touch-none grid-rows-7 overflow-hidden rounded-md border border-line-strong",
            disabled ? "opacity-60" : "cursor-crosshair",
          )}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => setDrag(undefined)}
          onKeyDown={onKeyDown}
        >
          {shown.map((slots, day) => (
            <div key={days[day]?.long ?? day} className="flex h-7 border-line border-b last:border-b-0 coarse:h-10">
              {spansOf(slots).map((span) => (
                <div
                  key={span.start}
                  className={brushClass[span.brush]}
                  style={{ width: `${((span.end - span.start) / SLOTS) * 100}%` }}
                />
              ))}
            </div>
          ))}
          {HOURS.slice(1, -1).map((hour) => (
            <div
              key={hour}
              className={cn("pointer-events-none absolute inset-y-0 w-px", hour % 6 === 0 ? "bg-fg/25" : "bg-fg/8")}
              style={{ left: `${(hour / 24) * 100}%` }}
            />
          ))}
          <div
            className="pointer-events-none absolute hidden border-2 border-fg group-focus-visible:block"
            style={{
              left: `${(firstSlot / SLOTS) * 100}%`,
              width: `${((lastSlot - firstSlot + 1) / SLOTS) * 100}%`,
              top: `${(firstDay / DAYS) * 100}%`,
              height: `${((lastDay - firstDay + 1) / DAYS) * 100}%`,
            }}
          />
        </div>
      </div>
      <p id={helpId} className="mt-1 text-2xs text-fg-muted">
        {t("recording.week.help")}
      </p>
      <p aria-live="polite" className="sr-only">
        {days[at.day]?.long} {slotTime(firstSlot)} – {slotTime(lastSlot + 1)}:{" "}
        {t(`recording.brush.${brushName[brushAt(week, at)]}`)}
      </p>
      <ul className="sr-only">
        {shown.map((slots, day) => (
          <li key={days[day]?.long ?? day}>
            {days[day]?.long}:{" "}
            {spansOf(slots)
              .map(({ brush: one, start, end }) => {
                return `${slotTime(start)}–${slotTime(end)} ${t(`recording.brush.${brushName[one]}`)}`;
              })
              .join(", ")}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Monday to Sunday in the console's language. */
export function useDayNames(): readonly { readonly short: string; readonly long: string }[] {
  const { i18n } = useTranslation();
  const name = (weekday: "short" | "long", day: number): string =>
    // 1 January 2024 was a Monday.
    new Intl.DateTimeFormat(i18n.resolvedLanguage, { weekday, timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + day));
  return Array.from({ length: DAYS }, (_, day) => ({ short: name("short", day), long: name("long", day) }));
}

/** What the brushes mean, and which one is in hand. */
export function BrushChoice(props: { readonly brush: Brush; readonly onBrush: (brush: Brush) => void }): ReactNode {
  const { t } = useTranslation();
  const order: readonly Brush[] = ["c", "e", "-"];
  return (
    <div role="radiogroup" aria-label={t("recording.week.brush")} className="flex flex-wrap gap-1">
      {order.map((one, index) => (
        <button
          key={one}
          type="button"
          role="radio"
          aria-checked={props.brush === one}
          onClick={() => props.onBrush(one)}
          className="flex h-7 items-center gap-2 rounded-md border border-line-strong px-2 text-fg-soft text-xs hover:bg-hover aria-checked:border-accent aria-checked:bg-accent-soft aria-checked:text-fg coarse:h-11"
        >
          <span className={cn("size-3.5 rounded-sm border border-line-strong", brushClass[one])} aria-hidden="true" />
          {t(`recording.brush.${brushName[one]}`)}
          <kbd className="font-sans text-2xs text-fg-muted coarse:hidden">{index + 1}</kbd>
        </button>
      ))}
    </div>
  );
}
