import { useSyncExternalStore } from "react";

/** The browser may refuse (an iPhone has no such thing); then nothing changes. */
export function toggleFullscreen(): void {
  const done =
    document.fullscreenElement === null ? document.documentElement.requestFullscreen?.() : document.exitFullscreen();
  void done?.catch(() => undefined);
}

const subscribe = (listener: () => void): (() => void) => {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
};

export function useBrowserFullscreen(): boolean {
  return useSyncExternalStore(subscribe, () => document.fullscreenElement !== null);
}
