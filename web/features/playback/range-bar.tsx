import { BookmarkPlus, Download, FolderPlus, Lock, Repeat, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { usePlaybackContext, useTimelineState } from "./playback-context.tsx";
import { useLocalTime } from "./use-local-time.ts";
import { useTransport } from "./use-playback.ts";
import type { Range } from "./viewport.ts";

interface RangeBarProps {
  readonly mayMark: boolean;
  readonly mayLock: boolean;
  readonly onBookmark: () => void;
  readonly onLock: () => void;
  /** Left out: nobody offers export here. */
  readonly onExport: ((range: Range) => void) | undefined;
  /** Left out: nobody offers cases here. */
  readonly onCase: ((range: Range) => void) | undefined;
}

/** What can be done with a range of time. */
export function RangeBar({ mayMark, mayLock, onBookmark, onLock, onExport, onCase }: RangeBarProps): ReactNode {
  const { t } = useTranslation();
  const { controller, store } = usePlaybackContext();
  const range = useTimelineState((state) => state.selection);
  const looping = useTransport(({ looped }) => looped !== undefined);
  const { text } = useLocalTime();
  if (range === undefined) return null;
  const length = range.endMicros - range.startMicros;
  const show = (micros: number): string => (length < 60_000_000 ? text.exact(micros) : text.time(micros));
  return (
    <div
      role="group"
      aria-label={t("playback.range")}
      className="flex flex-wrap items-center gap-1 border-line border-t bg-accent-soft px-2 py-0.5 text-xs"
    >
      <span className="nums mr-2 text-fg" title={`${text.utc(range.startMicros)} – ${text.utc(range.endMicros)}`}>
        {show(range.startMicros)} – {show(range.endMicros)}
        <span className="ml-2 text-fg-soft">{text.duration(length)}</span>
      </span>
      <Button
        size="sm"
        variant="ghost"
        className="coarse:h-11"
        aria-pressed={looping}
        onClick={() => (looping ? controller.toggleLoop() : controller.loop(range))}
      >
        <Repeat aria-hidden="true" />
        {t("playback.loop")}
      </Button>
      {mayMark && (
        <Button size="sm" variant="ghost" className="coarse:h-11" onClick={onBookmark}>
          <BookmarkPlus aria-hidden="true" />
          {t("playback.bookmark")}
        </Button>
      )}
      {onExport !== undefined && (
        <Button size="sm" variant="ghost" className="coarse:h-11" onClick={() => onExport(range)}>
          <Download aria-hidden="true" />
          {t("playback.export")}
        </Button>
      )}
      {mayLock && (
        <Button size="sm" variant="ghost" className="coarse:h-11" onClick={onLock}>
          <Lock aria-hidden="true" />
          {t("playback.lock")}
        </Button>
      )}
      {onCase !== undefined && (
        <Button size="sm" variant="ghost" className="coarse:h-11" onClick={() => onCase(range)}>
          <FolderPlus aria-hidden="true" />
          {t("cases.addTo")}
        </Button>
      )}
      <IconButton
        side="top"
        label={t("playback.clearSelection")}
        className="ml-auto coarse:size-11"
        onClick={() => store.dispatch({ type: "select", range: undefined })}
      >
        <X aria-hidden="true" />
      </IconButton>
    </div>
  );
}
