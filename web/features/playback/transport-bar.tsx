import {
  Bookmark,
  BookmarkPlus,
  CalendarDays,
  Ellipsis,
  Link2,
  Link2Off,
  Pause,
  Play,
  Radio,
  Repeat,
  RotateCcw,
  RotateCw,
  Share2,
  SkipBack,
  SkipForward,
  SquareDashedMousePointer,
  StepBack,
  StepForward,
  Undo2,
  Volume2,
  VolumeX,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { millis } from "../../../shared/lib/time.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { useMedia } from "../live/use-media.ts";
import type { JumpDirection } from "./jumps.ts";
import { usePlaybackContext, useTimelineState } from "./playback-context.tsx";
import { SPEEDS } from "./playback-controller.ts";
import type { PlaybackKey } from "./playback-keys.ts";
import { useLocalTime } from "./use-local-time.ts";
import { usePlayback, useTransport } from "./use-playback.ts";

interface TransportBarProps {
  /** What the key of the same name does. */
  readonly run: (key: PlaybackKey) => void;
  /** The way in which the next mark is being looked for. */
  readonly jumping: JumpDirection | undefined;
  readonly mayMark: boolean;
  /** Whether sound is on; undefined: it may not be heard. */
  readonly sound: boolean | undefined;
}

/** At least 44 px for fingers. */
const touch = "coarse:size-11";

/** Buttons of playback. What each does is also on the keyboard. */
export function TransportBar({ run, jumping, mayMark, sound }: TransportBarProps): ReactNode {
  const { t } = useTranslation();
  const { controller, store } = usePlaybackContext();
  const compact = useMedia("(max-width: 1099px), (pointer: coarse)");
  const archive = usePlayback(({ mode }) => mode) === "archive";
  // Of the selected tile's own clock when it has one.
  const looping = useTransport(({ looped }) => looped !== undefined);
  const rate = useTransport((transport) => transport.position().rate);
  const live = useTransport((transport) => transport.position().live);
  const alone = useTimelineState((state) => state.alone);
  const selecting = useTimelineState((state) => state.selecting);
  const hasSelection = useTimelineState((state) => state.selection !== undefined);
  const running = live || rate !== 0;
  const zoom = (factor: number): void => store.dispatch({ type: "zoom", factor, at: 0.5 });

  return (
    <div className="flex flex-wrap items-center justify-between gap-x-2 gap-y-1 px-2 py-1">
      <div className="flex items-center gap-1">
        <Button
          size="sm"
          variant={live ? "ghost" : "secondary"}
          aria-pressed={live}
          title={`${t("playback.live")} (Shift+L)`}
          onClick={() => run("live")}
          className={cn("font-semibold uppercase coarse:h-11", live && "text-danger aria-pressed:text-danger")}
        >
          <Radio aria-hidden="true" />
          {t("playback.live")}
        </Button>
        <PositionClock onOpen={() => run("go-to")} />
      </div>
      <div
        className="flex items-center gap-0.5 max-sm:order-last max-sm:w-full max-sm:justify-between"
        role="group"
        aria-label={t("playback.controls")}
      >
        <Tool
          label={t("playback.previous")}
          busy={jumping === -1}
          shortcut="P"
          onClick={() => run("previous")}
          icon={<SkipBack />}
        />
        <Tool label={t("playback.back10")} shortcut="Shift ←" onClick={() => run("jump-back")} icon={<RotateCcw />} />
        <Tool label={t("playback.stepBack")} shortcut="," onClick={() => run("step-back")} icon={<StepBack />} />
        <Tool
          label={t("playback.reverse")}
          shortcut="J"
          pressed={!live && rate < 0}
          onClick={() => run("backward")}
          icon={<Play className="rotate-180" />}
        />
        <IconButton
          side="top"
          label={running ? t("playback.pause") : t("playback.play")}
          shortcut={archive ? "Space" : "K"}
          className="size-9 rounded-full bg-active text-fg coarse:size-12"
          onClick={() => run("play")}
        >
          {running ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
        </IconButton>
        <Tool label={t("playback.stepForward")} shortcut="." onClick={() => run("step-on")} icon={<StepForward />} />
        <Tool label={t("playback.forward10")} shortcut="Shift →" onClick={() => run("jump-on")} icon={<RotateCw />} />
        <Tool
          label={t("playback.next")}
          busy={jumping === 1}
          shortcut="N"
          onClick={() => run("next")}
          icon={<SkipForward />}
        />
      </div>
      <div className="flex items-center gap-0.5">
        <label>
          <span className="sr-only">{t("playback.speed")}</span>
          <select
            value={useTransport((transport) => transport.speed())}
            title={t("playback.speed")}
            onChange={(event) => controller.setSpeed(Number(event.target.value))}
            className="nums h-7 rounded-md border border-line-strong bg-raised px-1 text-fg text-xs coarse:h-11"
          >
            {SPEEDS.map((speed) => (
              <option key={speed} value={speed}>
                {speed}×
              </option>
            ))}
          </select>
        </label>
        {sound !== undefined && (
          <Tool
            label={sound ? t("playback.soundOff") : t("playback.soundOn")}
            shortcut="U"
            pressed={sound}
            onClick={() => run("sound")}
            className="max-sm:hidden"
            // Heard at the speed of life only.
            icon={sound ? <Volume2 className={cn(!live && rate !== 1 && "text-fg-muted")} /> : <VolumeX />}
          />
        )}
        <Tool
          label={alone ? t("playback.syncOff") : t("playback.syncOn")}
          shortcut="Y"
          pressed={!alone}
          onClick={() => run("sync")}
          icon={alone ? <Link2Off className="text-warn" /> : <Link2 />}
        />
        <Tool
          label={t("playback.loop")}
          shortcut="\"
          pressed={looping}
          disabled={!looping && !hasSelection}
          onClick={() => run("loop")}
          icon={<Repeat />}
          className="max-sm:hidden"
        />
        <Tool
          label={t("playback.selectRange")}
          shortcut="[ ]"
          pressed={selecting}
          onClick={() => store.dispatch({ type: "selecting", on: !selecting })}
          icon={<SquareDashedMousePointer />}
          className="max-sm:hidden"
        />
        {mayMark && (
          <Tool
            label={t("playback.bookmark")}
            shortcut="M"
            onClick={() => run("bookmark")}
            icon={<BookmarkPlus />}
            className="max-sm:hidden"
          />
        )}
        {compact ? (
          <Menu
            trigger={
              <Button variant="ghost" size="icon" aria-label={t("common.menu")} className={touch}>
                <Ellipsis aria-hidden="true" />
              </Button>
            }
          >
            {sound !== undefined && (
              <MenuItem icon={<Volume2 />} checked={sound} onSelect={() => run("sound")}>
                {t("playback.soundOn")}
              </MenuItem>
            )}
            <MenuItem
              icon={<Repeat />}
              checked={looping}
              disabled={!looping && !hasSelection}
              onSelect={() => run("loop")}
            >
              {t("playback.loop")}
            </MenuItem>
            <MenuItem
              icon={<SquareDashedMousePointer />}
              checked={selecting}
              onSelect={() => store.dispatch({ type: "selecting", on: !selecting })}
            >
              {t("playback.selectRange")}
            </MenuItem>
            {mayMark && (
              <MenuItem icon={<BookmarkPlus />} onSelect={() => run("bookmark")}>
                {t("playback.bookmark")}
              </MenuItem>
            )}
            <MenuItem icon={<Bookmark />} onSelect={() => run("bookmarks")}>
              {t("playback.bookmarks")}
            </MenuItem>
            <MenuItem icon={<Share2 />} onSelect={() => run("copy-link")}>
              {t("playback.copyLink")}
            </MenuItem>
            <MenuSeparator />
            <MenuItem icon={<ZoomIn />} onSelect={() => zoom(2)}>
              {t("playback.zoomIn")}
            </MenuItem>
            <MenuItem icon={<ZoomOut />} onSelect={() => zoom(0.5)}>
              {t("playback.zoomOut")}
            </MenuItem>
          </Menu>
        ) : (
          <>
            <Tool
              label={t("playback.bookmarks")}
              shortcut="Shift M"
              onClick={() => run("bookmarks")}
              icon={<Bookmark />}
            />
            <Tool label={t("playback.copyLink")} onClick={() => run("copy-link")} icon={<Share2 />} />
            <Tool label={t("playback.zoomOut")} onClick={() => zoom(0.5)} icon={<ZoomOut />} />
            <Tool label={t("playback.zoomIn")} onClick={() => zoom(2)} icon={<ZoomIn />} />
          </>
        )}
        <FollowButton />
      </div>
    </div>
  );
}

interface ToolProps {
  readonly label: string;
  readonly shortcut?: string;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  /** Works on it; keeps the focus. */
  readonly busy?: boolean;
  readonly icon: ReactNode;
  readonly className?: string;
  readonly onClick: () => void;
}

function Tool({
  label,
  shortcut,
  pressed,
  disabled = false,
  busy = false,
  icon,
  className,
  onClick,
}: ToolProps): ReactNode {
  return (
    <IconButton
      side="top"
      label={label}
      shortcut={shortcut}
      disabled={disabled}
      onClick={onClick}
      className={cn(touch, busy && "animate-pulse", className)}
      {...(busy ? { "aria-busy": true } : {})}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
    >
      {icon}
    </IconButton>
  );
}

/** Back to the playhead, once the view was moved away from it. */
function FollowButton(): ReactNode {
  const { t } = useTranslation();
  const { controller, store } = usePlaybackContext();
  const follow = useTimelineState((state) => state.follow);
  return (
    <Tool
      label={t("playback.follow")}
      disabled={follow}
      onClick={() => store.dispatch({ type: "reveal", micros: controller.position().micros })}
      icon={<Undo2 />}
      className={cn(follow && "invisible max-sm:hidden")}
    />
  );
}

/** Date and time that is shown, in the viewer's zone; opens the calendar. */
function PositionClock({ onOpen }: { readonly onOpen: () => void }): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { controller } = usePlaybackContext();
  const { zone, text } = useLocalTime();
  const [, setSecond] = useState(0);
  useEffect(() => {
    const timer = clock.every(millis(1000), () => setSecond((second) => second + 1));
    return () => timer.cancel();
  }, [clock]);
  // Renders again with each tenth that the clock tells, and when it starts or stops.
  useTransport(({ version }) => version());
  const { buffering } = controller;
  const { micros, rate, live } = controller.position();
  return (
    <button
      type="button"
      onClick={onOpen}
      title={`${text.utc(micros)} · ${t("playback.goTo")} (G)`}
      className="nums flex h-7 items-center gap-2 rounded-md px-2 text-sm max-sm:gap-1 max-sm:px-1 hover:bg-hover coarse:h-11"
    >
      <CalendarDays className="size-4 shrink-0 text-fg-muted" aria-hidden="true" />
      <span className="text-fg-soft max-sm:hidden">{text.date(micros)}</span>
      <span className="font-medium text-fg" data-testid="playback-time">
        {!live && rate === 0 ? text.exact(micros) : text.time(micros)}
      </span>
      <span className="text-fg-muted text-xs max-md:hidden">{zone.offsetName(micros)}</span>
      {buffering && (
        <span className="size-2 animate-pulse rounded-full bg-warn" role="img" aria-label={t("playback.buffering")} />
      )}
    </button>
  );
}
