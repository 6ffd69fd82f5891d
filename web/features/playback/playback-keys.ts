import type { Key } from "../live/keyboard-map.ts";

export type PlaybackKey =
  | "play"
  | "backward"
  | "forward"
  | "live"
  | "step-back"
  | "step-on"
  | "jump-back"
  | "jump-on"
  | "previous"
  | "next"
  | "mark-start"
  | "mark-end"
  | "loop"
  | "sync"
  | "sound"
  | "bookmark"
  | "bookmarks"
  | "go-to"
  | "copy-link";

/** By their place on the keyboard, as the wall's letters. */
const plain: Readonly<Record<string, PlaybackKey>> = {
  KeyK: "play",
  KeyJ: "backward",
  KeyL: "forward",
  Comma: "step-back",
  Period: "step-on",
  KeyP: "previous",
  KeyN: "next",
  BracketLeft: "mark-start",
  BracketRight: "mark-end",
  Backslash: "loop",
  KeyY: "sync",
  KeyU: "sound",
  KeyM: "bookmark",
  KeyG: "go-to",
};

const shifted: Readonly<Record<string, PlaybackKey>> = {
  KeyL: "live",
  KeyM: "bookmarks",
  ArrowLeft: "jump-back",
  ArrowRight: "jump-on",
};

/** What a key means while the timeline is open; undefined: the wall's, or the browser's. */
export function playbackKeyFor(key: Key, typing: boolean, archive: boolean): PlaybackKey | undefined {
  if (typing || key.ctrlKey || key.metaKey || key.altKey) return undefined;
  // On the live wall the space bar picks up a tile.
  if (key.code === "Space" && !key.shiftKey) return archive ? "play" : undefined;
  return (key.shiftKey ? shifted : plain)[key.code];
}

/** Held down, these go on; of the others only the press itself counts. */
const goesOn: ReadonlySet<PlaybackKey> = new Set(["step-back", "step-on", "jump-back", "jump-on"]);

/** Which presses are acted on: each one, and of a key that is held down one for each frame. */
export class KeyGate {
  readonly #requestFrame: (run: () => void) => void;
  #ranInFrame = false;

  constructor(requestFrame: (run: () => void) => void) {
    this.#requestFrame = requestFrame;
  }

  /** `repeat`: the keyboard's own, of a key that is held down. */
  admits(key: PlaybackKey, repeat: boolean): boolean {
    if (!repeat) return true;
    if (!goesOn.has(key) || this.#ranInFrame) return false;
    this.#ranInFrame = true;
    this.#requestFrame(() => {
      this.#ranInFrame = false;
    });
    return true;
  }
}
