import { barsOf, type Row, type Span } from "./bars.ts";
import { createPatterns, PALETTE, type Patterns } from "./patterns.ts";
import { ticksFor } from "./ticks.ts";
import type { TimeText } from "./time-text.ts";
import { endOf, type Range, toX, type Viewport } from "./viewport.ts";
import type { Zone } from "./zone.ts";

/** Where the parts of the timeline lie, CSS pixels from the top. */
export const LAYOUT = { ruler: 24, camera: { y: 25, height: 32 }, wall: { y: 59, height: 16 }, height: 77 } as const;

export interface Scene {
  readonly view: Viewport;
  readonly width: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  readonly zone: Zone;
  readonly text: TimeText;
  readonly camera: Row;
  readonly wall: Row;
  readonly nowMicros: number;
  readonly playheadMicros: number;
  readonly live: boolean;
  /** Clocks of tiles on their own (SYNC off). */
  readonly others: readonly number[];
  readonly selection: Range | undefined;
  readonly markedMicros: number | undefined;
  readonly loop: Range | undefined;
  readonly hoverMicros: number | undefined;
}

/** Draws a scene. Holds patterns only; the same scene gives the same picture. */
export class TimelinePainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #font: string;
  #patterns: Patterns | undefined;

  constructor(context: CanvasRenderingContext2D, font: string) {
    this.#context = context;
    this.#font = font;
  }

  paint(scene: Scene): void {
    const { width, ratio } = scene;
    const context = this.#context;
    if (this.#patterns?.ratio !== ratio) this.#patterns = createPatterns(context, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = PALETTE.ground;
    context.fillRect(0, 0, width, LAYOUT.height);
    this.#ticks(scene);
    this.#row(scene, scene.camera, LAYOUT.camera, true);
    this.#row(scene, scene.wall, LAYOUT.wall, false);
    this.#future(scene);
    this.#ranges(scene);
    this.#lines(scene);
  }

  #ticks({ view, width, zone, text }: Scene): void {
    const context = this.#context;
    context.font = this.#font;
    context.textBaseline = "middle";
    let free = Number.NEGATIVE_INFINITY;
    for (const { micros, major, unit, afterChange } of ticksFor(view, width, zone)) {
      const x = Math.round(toX(view, micros, width)) + 0.5;
      context.fillStyle = major ? PALETTE.tickMajor : PALETTE.tick;
      context.fillRect(x - 0.5, major ? 14 : 20, 1, LAYOUT.height);
      if (!major || x < free) continue;
      const label = text.tick(micros, unit, afterChange);
      context.fillStyle = unit === "day" || unit === "month" ? PALETTE.labelDay : PALETTE.label;
      context.fillText(label, x + 4, 9);
      free = x + 4 + context.measureText(label).width + 8;
    }
  }

  #row({ view, width }: Scene, row: Row, { y, height }: { y: number; height: number }, full: boolean): void {
    const context = this.#context;
    const patterns = this.#patterns;
    if (patterns === undefined) return;
    context.fillStyle = PALETTE.row;
    context.fillRect(0, y, width, height);
    const fill = (spans: readonly Span[], style: string | CanvasPattern, top: number, tall: number, thin = 1): void => {
      context.fillStyle = style;
      for (const bar of barsOf(spans, view, width, thin)) context.fillRect(bar.x, y + top, bar.width, tall);
    };
    const part = (share: number): number => Math.round(height * share);
    fill(row.recorded, PALETTE.recorded, part(0.3), height - part(0.3));
    fill(row.gaps, PALETTE.gapGround, part(0.3), height - part(0.3), 2);
    fill(row.gaps, patterns.gap, part(0.3), height - part(0.3), 2);
    fill(row.events, PALETTE.eventGround, part(0.3), part(0.4), 2);
    fill(row.events, patterns.event, part(0.3), part(0.4), 2);
    fill(row.locked, PALETTE.lockedGround, height - part(0.24), part(0.24), 2);
    fill(row.locked, patterns.locked, height - part(0.24), part(0.24), 2);
    fill(row.bookmarks, PALETTE.bookmark, 1, part(0.2), 2);
    if (!full) return;
    context.fillStyle = PALETTE.bookmark;
    for (const bar of barsOf(row.bookmarks, view, width, 2)) {
      // A flag: its shape says what it is where its colour does not.
      context.beginPath();
      context.moveTo(bar.x, y + 1);
      context.lineTo(bar.x + 9, y + 5);
      context.lineTo(bar.x, y + 10);
      context.fill();
      context.fillRect(bar.x, y + 1, 1.5, height - 1);
    }
  }

  #future({ view, width, nowMicros }: Scene): void {
    const context = this.#context;
    if (nowMicros >= endOf(view)) return;
    const x = Math.max(0, toX(view, nowMicros, width));
    context.fillStyle = PALETTE.future;
    context.fillRect(x, LAYOUT.camera.y, width - x, LAYOUT.height);
  }

  #ranges({ view, width, selection, markedMicros, loop }: Scene): void {
    const context = this.#context;
    const edges = (range: Range): [number, number] => [
      toX(view, range.startMicros, width),
      toX(view, range.endMicros, width),
    ];
    if (selection !== undefined) {
      const [left, right] = edges(selection);
      context.fillStyle = PALETTE.selection;
      context.fillRect(left, 0, right - left, LAYOUT.height);
      context.fillStyle = PALETTE.selectionEdge;
      context.fillRect(left - 1, 0, 2, LAYOUT.height);
      context.fillRect(right - 1, 0, 2, LAYOUT.height);
    }
    if (markedMicros !== undefined) {
      const x = toX(view, markedMicros, width);
      context.fillStyle = PALETTE.selectionEdge;
      context.fillRect(x - 1, 0, 2, LAYOUT.height);
      context.fillRect(x, 0, 6, 2);
      context.fillRect(x, LAYOUT.height - 2, 6, 2);
    }
    if (loop !== undefined) {
      const [left, right] = edges(loop);
      context.fillStyle = PALETTE.loop;
      context.fillRect(left, LAYOUT.ruler - 3, right - left, 3);
      context.fillRect(left, LAYOUT.ruler - 8, 2, 8);
      context.fillRect(right - 2, LAYOUT.ruler - 8, 2, 8);
    }
  }

  #lines({ view, width, nowMicros, playheadMicros, live, others, hoverMicros }: Scene): void {
    const context = this.#context;
    const x = (micros: number): number => Math.round(toX(view, micros, width));
    if (hoverMicros !== undefined) {
      context.fillStyle = PALETTE.hover;
      context.fillRect(x(hoverMicros), 0, 1, LAYOUT.height);
    }
    context.fillStyle = PALETTE.now;
    for (let y = LAYOUT.ruler - 6; y < LAYOUT.height; y += 5) context.fillRect(x(nowMicros), y, 1, 3);
    context.fillStyle = PALETTE.other;
    for (const micros of others) context.fillRect(x(micros), LAYOUT.camera.y, 1, LAYOUT.camera.height);
    const at = x(playheadMicros);
    context.fillStyle = live ? PALETTE.live : PALETTE.playhead;
    context.fillRect(at - 1, 6, 2, LAYOUT.height);
    context.beginPath();
    if (live) context.arc(at, 7, 5, 0, Math.PI * 2);
    else {
      context.moveTo(at - 6, 0);
      context.lineTo(at + 6, 0);
      context.lineTo(at + 6, 7);
      context.lineTo(at, 14);
      context.lineTo(at - 6, 7);
    }
    context.fill();
  }
}
