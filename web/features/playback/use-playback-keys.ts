import { useEffect, useRef } from "react";
import { isTyping } from "../live/keyboard-map.ts";
import { usePlaybackContext } from "./playback-context.tsx";
import { KeyGate, type PlaybackKey, playbackKeyFor } from "./playback-keys.ts";

/** The keyboard of playback, before the wall's. Dialogs and menus keep their own keys. */
export function usePlaybackKeys(run: (key: PlaybackKey) => void): void {
  const { controller } = usePlaybackContext();
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const gate = new KeyGate((next) => requestAnimationFrame(next));
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      if (document.querySelector('[role="dialog"],[role="alertdialog"],[role="menu"]') !== null) return;
      const key = playbackKeyFor(event, isTyping(event.target), !controller.position().live);
      if (key === undefined) return;
      // A focused button keeps its own space bar.
      const onControl =
        event.target instanceof Element && event.target.closest("button, a, [role='treeitem']") !== null;
      if (onControl && event.code === "Space") return;
      event.preventDefault();
      event.stopPropagation();
      if (gate.admits(key, event.repeat)) latest.current(key);
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, [controller]);
}
