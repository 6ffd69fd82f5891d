import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useSound } from "../live/use-sound.ts";
import { BookmarkList } from "./bookmark-list.tsx";
import { GoToDialog } from "./go-to-dialog.tsx";
import { Legend } from "./legend.tsx";
import { MarkDialog } from "./mark-dialog.tsx";
import { usePlaybackContext } from "./playback-context.tsx";
import { JUMP_MICROS } from "./playback-controller.ts";
import type { PlaybackKey } from "./playback-keys.ts";
import { RangeBar } from "./range-bar.tsx";
import { Timeline } from "./timeline.tsx";
import { TransportBar } from "./transport-bar.tsx";
import { usePlaybackActions } from "./use-playback-actions.ts";
import { usePlaybackKeys } from "./use-playback-keys.ts";
import { useTimelineQuery } from "./use-timeline-query.ts";
import type { Range } from "./viewport.ts";

export interface RangeRequest extends Range {
  /** The selected camera. */
  readonly cameraId: string;
  /** Every camera of the layout. */
  readonly cameraIds: readonly string[];
}

interface PlaybackPanelProps {
  readonly onExport?: (request: RangeRequest) => void;
  readonly onCase?: (request: RangeRequest) => void;
}

type Opened =
  | { readonly kind: "go-to" | "bookmarks" }
  | { readonly kind: "bookmark" | "lock"; readonly range: Range; readonly cameraId: string; readonly name: string };

/** A bookmark of a moment lasts a second, so that it can be seen and played. */
const MOMENT_MICROS = 1_000_000;

/** Timeline and transport below the wall: the same tiles, now or then. */
export function PlaybackPanel({ onExport, onCase }: PlaybackPanelProps): ReactNode {
  const { t } = useTranslation();
  const can = useCan();
  const { controller, store, selected, cameraIds } = usePlaybackContext();
  const timeline = useTimelineQuery();
  const actions = usePlaybackActions();
  const [opened, setOpened] = useState<Opened>();
  const sound = useSound();
  const may = { bookmark: can("bookmark.write"), lock: can("evidence.manage") } as const;

  const mark = (kind: "bookmark" | "lock"): void => {
    if (selected === undefined || !may[kind]) return;
    const startMicros = controller.position().micros;
    const range = store.get().selection ?? { startMicros, endMicros: startMicros + MOMENT_MICROS };
    setOpened({ kind, range, cameraId: selected.cameraId, name: selected.name });
  };
  const commands: Readonly<Record<PlaybackKey, () => void>> = {
    play: () => controller.togglePlay(),
    backward: () => controller.shuttle(-1),
    forward: () => controller.shuttle(1),
    live: () => controller.live(),
    "step-back": () => controller.step(-1),
    "step-on": () => controller.step(1),
    "jump-back": () => controller.jumpBy(-JUMP_MICROS),
    "jump-on": () => controller.jumpBy(JUMP_MICROS),
    previous: () => actions.jump(-1),
    next: () => actions.jump(1),
    "mark-start": () => store.dispatch({ type: "mark-start", micros: controller.position().micros }),
    "mark-end": () => store.dispatch({ type: "mark-end", micros: controller.position().micros }),
    loop: () => controller.toggleLoop(),
    sync: () => controller.toggleSync(),
    sound: () => {
      if (sound.possible) sound.toggle();
    },
    bookmark: () => mark("bookmark"),
    bookmarks: () => setOpened({ kind: "bookmarks" }),
    "go-to": () => setOpened({ kind: "go-to" }),
    "copy-link": actions.copyLink,
  };
  const run = (key: PlaybackKey): void => commands[key]();
  usePlaybackKeys(run);
  const close = (): void => setOpened(undefined);

  return (
    <section
      aria-label={t("playback.title")}
      className="on-dark relative z-10 shrink-0 select-none border-line border-t bg-panel max-sm:pb-[env(safe-area-inset-bottom)]"
    >
      <TransportBar
        run={run}
        jumping={actions.jumping}
        mayMark={may.bookmark && selected !== undefined}
        sound={sound.possible ? sound.on : undefined}
      />
      {timeline.isError && timeline.data === undefined && (
        <p role="alert" className="px-3 pb-1 text-danger text-xs">
          {t("playback.failed")} {errorText(t, timeline.error)}
        </p>
      )}
      <Timeline timeline={timeline.data} />
      <RangeBar
        mayMark={may.bookmark && selected !== undefined}
        mayLock={may.lock && selected !== undefined}
        onBookmark={() => mark("bookmark")}
        onLock={() => mark("lock")}
        onExport={
          onExport === undefined || selected === undefined
            ? undefined
            : (range) => onExport({ ...range, cameraId: selected.cameraId, cameraIds })
        }
        onCase={
          onCase === undefined || selected === undefined
            ? undefined
            : (range) => onCase({ ...range, cameraId: selected.cameraId, cameraIds })
        }
      />
      <Legend />
      {opened?.kind === "go-to" && <GoToDialog onClose={close} />}
      {opened?.kind === "bookmarks" && <BookmarkList onClose={close} />}
      {(opened?.kind === "bookmark" || opened?.kind === "lock") && (
        <MarkDialog
          kind={opened.kind}
          cameraId={opened.cameraId}
          cameraName={opened.name}
          {...opened.range}
          onClose={close}
        />
      )}
    </section>
  );
}
