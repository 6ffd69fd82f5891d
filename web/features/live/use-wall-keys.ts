import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useKiosk } from "../../app/use-kiosk.ts";
import { useHelp } from "../help/help-provider.tsx";
import { TREE_SEARCH_ID } from "../tree/resource-tree.tsx";
import { toggleFullscreen } from "./browser-fullscreen.ts";
import { type View, WHOLE, zoomAt } from "./digital-zoom.ts";
import { type Command, commandFor, isTyping } from "./keyboard-map.ts";
import { neighbour, tileRects } from "./layout-geometry.ts";
import { activeTab } from "./layout-reducer.ts";
import { planTiles } from "./tile-plan.ts";
import { useLayoutActions } from "./use-layout-actions.ts";
import { useSound } from "./use-sound.ts";
import { useWall } from "./wall-context.tsx";

interface WallKeys {
  readonly views: Readonly<Record<string, View>>;
  readonly onView: (tileId: string, view: View) => void;
  readonly toggleTree: () => void;
  readonly showTree: () => void;
  /** While a camera is carried, its keys belong to the drag. */
  readonly paused: boolean;
}

/** The keyboard of the wall (keyboard-map.ts says which key is which). Dialogs and menus keep their own keys. */
export function useWallKeys(keys: WallKeys): void {
  const wall = useWall();
  const sound = useSound();
  const help = useHelp();
  const actions = useLayoutActions();
  const kiosk = useKiosk();
  const navigate = useNavigate();

  const run = (command: Command): void => {
    const { state, dispatch, prefs, setPrefs } = wall;
    const tab = activeTab(state);
    // Geometry of a square stands for any size: only neighbourhood counts here.
    const cells = planTiles(tab, undefined, { width: 1600, height: 900, gap: 4, column: false });
    const chosen = state.large ?? state.selected;
    const tile = chosen === undefined ? undefined : cells[chosen];
    const zoom = (factor: number): void => {
      if (tile?.tileId !== undefined)
        keys.onView(tile.tileId, zoomAt(keys.views[tile.tileId] ?? WHOLE, factor, 0.5, 0.5));
    };
    switch (command.type) {
      case "move": {
        if (state.large !== undefined) return;
        const rects = tileRects(tab.kind, 1600, 900, 4);
        const cell = state.selected === undefined ? 0 : neighbour(rects, state.selected, command.direction);
        dispatch({ type: "select", cell });
        document.querySelector<HTMLElement>(`[data-tile="${cell}"]`)?.focus();
        return;
      }
      case "toggle-large":
        if (tile?.cameraId) dispatch({ type: "large", cell: state.large === undefined ? tile.cell : undefined });
        return;
      case "back":
        if (state.large !== undefined) dispatch({ type: "large", cell: undefined });
        else if (kiosk) void navigate({ to: "/" });
        else dispatch({ type: "select", cell: undefined });
        return;
      case "remove":
        if (tile?.cameraId && state.large === undefined && !kiosk) dispatch({ type: "clear", cell: tile.cell });
        return;
      case "grid":
        if (!kiosk) dispatch({ type: "kind", kind: command.kind });
        return;
      case "layout": {
        const target = state.tabs[command.index];
        if (target !== undefined) dispatch({ type: "activate", id: target.id });
        return;
      }
      case "fullscreen":
        toggleFullscreen();
        return;
      case "statistics":
        setPrefs({ statistics: !prefs.statistics });
        return;
      case "sound":
        if (sound.possible) sound.toggle();
        return;
      case "search":
        if (kiosk) return;
        keys.showTree();
        // The pane may only now come into being.
        requestAnimationFrame(() => document.getElementById(TREE_SEARCH_ID)?.focus());
        return;
      case "help":
        help.openShortcuts();
        return;
      case "save":
        if (!kiosk) void actions.save(tab);
        return;
      case "fit":
        if (tile?.cameraId) {
          const others = prefs.filled.filter((id) => id !== tile.cameraId);
          setPrefs({ filled: others.length === prefs.filled.length ? [...others, tile.cameraId] : others });
        }
        return;
      case "zoom-in":
        zoom(1.5);
        return;
      case "zoom-out":
        zoom(1 / 1.5);
        return;
      case "zoom-reset":
        if (tile?.tileId !== undefined) keys.onView(tile.tileId, WHOLE);
        return;
      case "timeline":
        if (!kiosk) setPrefs({ timelineOpen: !prefs.timelineOpen });
        return;
      case "tree":
        if (!kiosk) keys.toggleTree();
        return;
    }
  };

  const latest = useRef({ run, paused: keys.paused });
  latest.current = { run, paused: keys.paused };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || latest.current.paused) return;
      if (document.querySelector('[role="dialog"],[role="alertdialog"],[role="menu"]') !== null) return;
      const command = commandFor(event, isTyping(event.target));
      if (command === undefined) return;
      // A focused button or link keeps its own Enter.
      const onControl =
        event.target instanceof Element && event.target.closest("button, a, [role='treeitem']") !== null;
      if (onControl && command.type === "toggle-large") return;
      event.preventDefault();
      latest.current.run(command);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
