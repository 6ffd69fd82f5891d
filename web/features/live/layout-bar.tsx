import { useNavigate } from "@tanstack/react-router";
import {
  ChartNoAxesColumn,
  History,
  Maximize,
  Minimize,
  MonitorPlay,
  PanelLeft,
  Plus,
  Save,
  TriangleAlert,
} from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { toggleFullscreen, useBrowserFullscreen } from "./browser-fullscreen.ts";
import { LayoutPicker } from "./layout-picker.tsx";
import { activeTab, isDirty } from "./layout-reducer.ts";
import { LayoutSwitcher, LayoutTabs } from "./layout-tabs.tsx";
import { useLayoutActions } from "./use-layout-actions.ts";
import { useWall } from "./wall-context.tsx";

interface LayoutBarProps {
  readonly phone: boolean;
  readonly treeOpen: boolean;
  readonly onToggleTree: () => void;
}

export function LayoutBar({ phone, treeOpen, onToggleTree }: LayoutBarProps): ReactNode {
  const { t } = useTranslation();
  const { state, dispatch, prefs, setPrefs, layouts } = useWall();
  const actions = useLayoutActions();
  const navigate = useNavigate();
  const fullscreen = useBrowserFullscreen();
  const tab = activeTab(state);
  const savable = isDirty(tab);
  return (
    <div className="flex h-9 shrink-0 items-center gap-1 border-line border-b bg-panel px-1.5 coarse:h-12">
      <IconButton
        label={treeOpen ? t("nav.closeTree") : t("nav.openTree")}
        shortcut="B"
        aria-expanded={treeOpen}
        onClick={onToggleTree}
      >
        <PanelLeft aria-hidden="true" />
      </IconButton>
      {phone ? <LayoutSwitcher /> : <LayoutTabs />}
      {!phone && (
        <IconButton label={t("layouts.new")} onClick={() => actions.create()}>
          <Plus aria-hidden="true" />
        </IconButton>
      )}
      {layouts.isError && layouts.data === undefined && (
        <IconButton label={t("layouts.failed")} className="text-warn" onClick={() => void layouts.refetch()}>
          <TriangleAlert aria-hidden="true" />
        </IconButton>
      )}
      <div className="ml-auto flex shrink-0 items-center gap-0.5 pl-2">
        {savable && (
          <Button
            variant="ghost"
            size="sm"
            className="text-accent hover:text-accent"
            disabled={!actions.mayChange(tab)}
            title={actions.mayChange(tab) ? `${t("layouts.unsaved")} (Ctrl+S)` : t("layouts.notYours")}
            onClick={() => void actions.save(tab)}
          >
            <Save aria-hidden="true" />
            <span className="max-lg:sr-only">{t("layouts.save")}</span>
          </Button>
        )}
        {!phone && <LayoutPicker kind={tab.kind} onChoose={(kind) => dispatch({ type: "kind", kind })} />}
        <IconButton
          label={prefs.timelineOpen ? t("playback.closeTimeline") : t("playback.openTimeline")}
          shortcut="T"
          aria-pressed={prefs.timelineOpen}
          onClick={() => setPrefs({ timelineOpen: !prefs.timelineOpen })}
        >
          <History aria-hidden="true" />
        </IconButton>
        <IconButton
          label={t("wall.statistics")}
          shortcut="S"
          aria-pressed={prefs.statistics}
          onClick={() => setPrefs({ statistics: !prefs.statistics })}
        >
          <ChartNoAxesColumn aria-hidden="true" />
        </IconButton>
        {!phone && (
          <IconButton label={t("wall.kiosk")} onClick={() => void navigate({ to: "/kiosk" })}>
            <MonitorPlay aria-hidden="true" />
          </IconButton>
        )}
        <IconButton
          label={fullscreen ? t("wall.exitBrowserFullscreen") : t("wall.browserFullscreen")}
          shortcut="F"
          onClick={toggleFullscreen}
        >
          {fullscreen ? <Minimize aria-hidden="true" /> : <Maximize aria-hidden="true" />}
        </IconButton>
      </div>
    </div>
  );
}
