import type { Direction, LayoutKind } from "./layout-geometry.ts";

export type Command =
  | { readonly type: "move"; readonly direction: Direction }
  | { readonly type: "grid"; readonly kind: LayoutKind }
  | { readonly type: "layout"; readonly index: number }
  | {
      readonly type:
        | "toggle-large"
        | "back"
        | "remove"
        | "fullscreen"
        | "statistics"
        | "sound"
        | "search"
        | "help"
        | "save"
        | "fit"
        | "zoom-in"
        | "zoom-out"
        | "zoom-reset"
        | "tree"
        | "timeline";
    };

/** The part of a KeyboardEvent that decides. */
export interface Key {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** A digit is the grid that it reminds of: 3 is 3x3, 7 is 1+7. */
export const GRID_KEYS: Readonly<Record<string, LayoutKind>> = {
  1: "1",
  2: "2x2",
  3: "3x3",
  4: "4x4",
  5: "5x5",
  6: "6x6",
  7: "1+7",
  8: "8x8",
  9: "1+12",
};

const arrows: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

const named: Readonly<Record<string, Command>> = {
  Enter: { type: "toggle-large" },
  Escape: { type: "back" },
  Delete: { type: "remove" },
  Backspace: { type: "remove" },
  "?": { type: "help" },
  "/": { type: "search" },
  "+": { type: "zoom-in" },
  "=": { type: "zoom-in" },
  "-": { type: "zoom-out" },
};

/** Letters by their place on the keyboard: with a Korean input mode the F key gives ㄹ. */
const letters: Readonly<Record<string, Command>> = {
  KeyF: { type: "fullscreen" },
  KeyS: { type: "statistics" },
  KeyC: { type: "fit" },
  KeyB: { type: "tree" },
  KeyT: { type: "timeline" },
  KeyU: { type: "sound" },
  Digit0: { type: "zoom-reset" },
};

/**
 * What a key means on the wall; undefined: nothing of ours, the browser keeps it. `typing`: the focus is in a text field,
 * where only Ctrl+F and Ctrl+S are ours.
 */
export function commandFor(key: Key, typing: boolean): Command | undefined {
  const ctrl = key.ctrlKey || key.metaKey;
  if (ctrl && !key.altKey && !key.shiftKey) {
    if (key.code === "KeyF") return { type: "search" };
    if (key.code === "KeyS") return { type: "save" };
    return undefined;
  }
  if (typing || ctrl || key.altKey) return undefined;
  const direction = arrows[key.key];
  if (direction !== undefined) return key.shiftKey ? undefined : { type: "move", direction };
  const byName = named[key.key];
  if (byName !== undefined) return byName;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(key.code)?.[1];
  if (digit !== undefined && key.shiftKey) return { type: "layout", index: Number(digit) - 1 };
  if (key.shiftKey) return undefined;
  const kind = digit === undefined ? undefined : GRID_KEYS[digit];
  if (kind !== undefined) return { type: "grid", kind };
  return letters[key.code];
}

/** Whether keys typed into `target` are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
