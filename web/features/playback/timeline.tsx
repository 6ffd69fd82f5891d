import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Timeline as TimelineBody } from "../../../shared/api/recording.ts";
import { millis } from "../../../shared/lib/time.ts";
import { useServices } from "../../app/services.ts";
import { cameraRow, wallRow } from "./bars.ts";
import { usePlaybackContext } from "./playback-context.tsx";
import { listenToGestures } from "./timeline-gestures.ts";
import { TimelineHover } from "./timeline-hover.tsx";
import { LAYOUT, type Scene, TimelinePainter } from "./timeline-painter.ts";
import { useLocalTime } from "./use-local-time.ts";
import { centredOn, endOf, type Viewport } from "./viewport.ts";

interface TimelineProps {
  readonly timeline: TimelineBody | undefined;
}

/** Two rows over time: the selected camera, and all of them. Draws outside React, on a change only, at most once a frame. */
export function Timeline({ timeline }: TimelineProps): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { store, controller, selected } = usePlaybackContext();
  const time = useLocalTime();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<number>();
  const [width, setWidth] = useState(0);

  const rows = useMemo(
    () => ({
      camera: cameraRow(timeline?.cameras.find(({ cameraId }) => cameraId === selected?.cameraId)),
      wall: wallRow(timeline),
    }),
    [timeline, selected?.cameraId],
  );
  const drawn = useRef({ rows, time, hover });
  drawn.current = { rows, time, hover };
  const redraw = useRef<() => void>(() => undefined);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d", { alpha: false });
    if (!element || !context) return;
    const painter = new TimelinePainter(context, `11px ${getComputedStyle(element).fontFamily}`);
    let frame: number | undefined;
    let dirty = true;
    let lastX = Number.NaN;
    let size = { width: 0, ratio: 1 };

    const paint = (): void => {
      frame = undefined;
      if (size.width === 0) return;
      const { micros, rate, live } = controller.position();
      store.dispatch({ type: "playhead", micros, forward: rate >= 0 });
      const { view, selection, markedMicros } = store.get();
      const x = Math.round(((micros - view.startMicros) / view.spanMicros) * size.width * size.ratio);
      if (dirty || x !== lastX) {
        const scene: Scene = {
          view,
          ...size,
          ...drawn.current.time,
          ...drawn.current.rows,
          nowMicros: clock.utcMicros(),
          playheadMicros: micros,
          live,
          others: controller.state.free.map(({ positionMicros }) => positionMicros),
          selection,
          markedMicros,
          loop: controller.looped,
          hoverMicros: drawn.current.hover,
        };
        painter.paint(scene);
      }
      dirty = false;
      lastX = x;
      // A clock that runs, or a present that moves by pixels, is looked at again with the next frame.
      if (rate !== 0 && (!live || view.spanMicros < 120_000_000)) frame ??= requestAnimationFrame(paint);
    };
    const request = (): void => {
      dirty = true;
      frame ??= requestAnimationFrame(paint);
    };
    redraw.current = request;
    const measure = (): void => {
      const ratio = Math.min(3, devicePixelRatio);
      size = { width: element.clientWidth, ratio };
      element.width = Math.round(size.width * ratio);
      element.height = Math.round(LAYOUT.height * ratio);
      setWidth(size.width);
      request();
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    const stops = [store.subscribe(request), controller.subscribe(request)];
    const second = clock.every(millis(1000), request);
    return () => {
      if (frame !== undefined) cancelAnimationFrame(frame);
      observer.disconnect();
      second.cancel();
      for (const stop of stops) stop();
    };
  }, [store, controller, clock]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was drawn has changed
  useEffect(() => redraw.current(), [rows, time, hover]);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    let scrubbed: number | undefined;
    let frame: number | undefined;
    const stop = listenToGestures(element, {
      rulerHeight: LAYOUT.ruler,
      view: () => store.get().view,
      width: () => element.clientWidth,
      playheadMicros: () => controller.position().micros,
      selecting: () => store.get().selecting,
      zoom: (factor, at) => store.dispatch({ type: "zoom", factor, at }),
      pan: (fraction) => store.dispatch({ type: "pan", fraction }),
      pinch: (before, now) => store.dispatch({ type: "pinch", before, now }),
      seek: (micros) => controller.seek(micros),
      scrub: (micros, exact) => {
        scrubbed = exact ? undefined : micros;
        if (exact) controller.seek(micros);
        // Many moves arrive between two frames: only the last one is worth a picture.
        else
          frame ??= requestAnimationFrame(() => {
            frame = undefined;
            if (scrubbed !== undefined) controller.seek(scrubbed, { scrub: true });
          });
      },
      select: (range) => store.dispatch({ type: "select", range }),
      hover: setHover,
    });
    return () => {
      stop();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [store, controller]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const { view } = store.get();
    const go = (next: Viewport): void => store.dispatch({ type: "view", view: next });
    switch (event.key) {
      case "ArrowLeft":
        store.dispatch({ type: "pan", fraction: 0.1 });
        break;
      case "ArrowRight":
        store.dispatch({ type: "pan", fraction: -0.1 });
        break;
      case "+":
      case "=":
        store.dispatch({ type: "zoom", factor: 1.6, at: 0.5 });
        break;
      case "-":
        store.dispatch({ type: "zoom", factor: 1 / 1.6, at: 0.5 });
        break;
      case "Home":
        go(centredOn(timeline?.firstMicros ?? view.startMicros, view.spanMicros, 0.1));
        break;
      case "End":
        go(centredOn(clock.utcMicros(), view.spanMicros, 0.85));
        break;
      case "Enter":
        controller.seek((view.startMicros + endOf(view)) / 2);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="relative">
      <canvas
        ref={canvas}
        role="application"
        tabIndex={0}
        aria-label={t("playback.timeline")}
        aria-describedby="timeline-help"
        style={{ height: LAYOUT.height, touchAction: "none" }}
        className="block w-full cursor-crosshair outline-offset-[-2px]"
        onKeyDown={onKeyDown}
      />
      <RowLabel top={LAYOUT.camera.y + 2} text={selected?.name ?? ""} />
      <RowLabel top={LAYOUT.wall.y} text={t("playback.allCameras")} />
      <p id="timeline-help" className="sr-only">
        {t("playback.timelineHelp")}
      </p>
      {hover !== undefined && (
        <TimelineHover micros={hover} width={width} view={store.get().view} timeline={timeline} time={time} />
      )}
    </div>
  );
}

function RowLabel({ top, text }: { readonly top: number; readonly text: string }): ReactNode {
  if (text === "") return null;
  return (
    <span
      style={{ top }}
      className="pointer-events-none absolute left-1 max-w-40 truncate rounded-sm bg-ground/75 px-1 text-2xs text-fg leading-4"
    >
      {text}
    </span>
  );
}
