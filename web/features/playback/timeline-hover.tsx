import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Timeline } from "../../../shared/api/recording.ts";
import { millis } from "../../../shared/lib/time.ts";
import { useServices } from "../../app/services.ts";
import { whatIsAt } from "./bars.ts";
import { usePlaybackContext } from "./playback-context.tsx";
import type { LocalTime } from "./use-local-time.ts";
import { toX, type Viewport } from "./viewport.ts";

interface TimelineHoverProps {
  readonly micros: number;
  readonly width: number;
  readonly view: Viewport;
  readonly timeline: Timeline | undefined;
  readonly time: LocalTime;
}

const CARD_PX = 176;
/** A pointer that only passes by asks for nothing. */
const REST_MS = 50;

/** Time, what lies there, and a small picture of it. */
export function TimelineHover({ micros, width, view, timeline, time }: TimelineHoverProps): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { engine, selected } = usePlaybackContext();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [shown, setShown] = useState<string>();
  const cameraId = selected?.cameraId;
  const pixel = view.spanMicros / Math.max(1, width);
  const camera = timeline?.cameras.find((one) => one.cameraId === cameraId);
  const found = whatIsAt(camera, micros, pixel * 3);
  // The same picture for a hand that trembles.
  const step = Math.max(1, Math.round(pixel * 4));
  const wish = found.recorded ? Math.floor(micros / step) * step : undefined;

  useEffect(() => {
    if (cameraId === undefined || wish === undefined) return;
    let gone = false;
    const timer = clock.after(millis(REST_MS), () => {
      void engine.thumbnail(cameraId, wish, CARD_PX * Math.min(2, devicePixelRatio)).then((picture) => {
        if (picture === undefined) return;
        const context = canvas.current?.getContext("2d");
        if (!gone && context) {
          context.canvas.width = picture.bitmap.width;
          context.canvas.height = picture.bitmap.height;
          context.drawImage(picture.bitmap, 0, 0);
          setShown(cameraId);
        }
        picture.bitmap.close();
      });
    });
    return () => {
      gone = true;
      timer.cancel();
    };
  }, [engine, clock, cameraId, wish]);

  const left = Math.max(4, Math.min(width - CARD_PX - 4, toX(view, micros, width) - CARD_PX / 2));
  return (
    <div
      aria-hidden="true"
      data-testid="timeline-hover"
      style={{ left, width: CARD_PX }}
      className="pointer-events-none absolute bottom-full z-20 mb-1 overflow-hidden rounded-md bg-overlay shadow-float"
    >
      <canvas
        ref={canvas}
        className={found.recorded && shown === cameraId ? "block aspect-video w-full bg-canvas" : "hidden"}
      />
      <div className="nums px-2 py-1 text-xs">
        <div className="font-medium text-fg">
          {view.spanMicros < 60_000_000 ? time.text.exact(micros) : time.text.time(micros)}
        </div>
        <div className="text-2xs text-fg-muted">{time.text.date(micros)}</div>
        {found.bookmark !== undefined && <div className="truncate text-fg-soft">⚑ {found.bookmark.title}</div>}
        {found.event !== undefined && <div className="truncate text-warn">{found.event.title ?? found.event.kind}</div>}
        {found.gap !== undefined && <div className="text-danger">{t(`playback.gaps.${found.gap.reason}`)}</div>}
        {found.locked && <div className="text-fg-soft">{t("playback.legend.locked")}</div>}
        {!found.recorded && found.gap === undefined && <div className="text-fg-muted">{t("playback.nothingHere")}</div>}
      </div>
    </div>
  );
}
