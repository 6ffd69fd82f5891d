/** What this browser remembers about the look of the console. */
export interface UiPrefs {
  readonly treeOpen: boolean;
  /** CSS pixels. */
  readonly treeWidth: number;
  readonly collapsed: readonly string[];
  readonly statistics: boolean;
  readonly timelineOpen: boolean;
  /** Snapshots carry time and camera in the picture. */
  readonly snapshotBurn: boolean;
  readonly snapshotJpeg: boolean;
  /** Cameras whose picture fills its tile. */
  readonly filled: readonly string[];
}

export const TREE_WIDTH = { min: 180, max: 480, start: 256 } as const;
const storageKey = "fluxvision.ui";

export const defaultPrefs: UiPrefs = {
  treeOpen: true,
  treeWidth: TREE_WIDTH.start,
  collapsed: [],
  statistics: false,
  timelineOpen: false,
  snapshotBurn: false,
  snapshotJpeg: false,
  filled: [],
};

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === "string").slice(0, 2000) : [];

export function clampTreeWidth(width: number): number {
  return Math.round(Math.min(Math.max(width, TREE_WIDTH.min), TREE_WIDTH.max));
}

export function loadPrefs(storage: Pick<Storage, "getItem">): UiPrefs {
  try {
    const value: unknown = JSON.parse(storage.getItem(storageKey) ?? "null");
    if (typeof value !== "object" || value === null) return defaultPrefs;
    const { treeOpen, treeWidth, collapsed, statistics, timelineOpen, snapshotBurn, snapshotJpeg, filled } =
      value as Record<string, unknown>;
    return {
      treeOpen: treeOpen !== false,
      treeWidth: typeof treeWidth === "number" ? clampTreeWidth(treeWidth) : TREE_WIDTH.start,
      collapsed: texts(collapsed),
      statistics: statistics === true,
      timelineOpen: timelineOpen === true,
      snapshotBurn: snapshotBurn === true,
      snapshotJpeg: snapshotJpeg === true,
      filled: texts(filled),
    };
  } catch {
    return defaultPrefs;
  }
}

export function storePrefs(storage: Pick<Storage, "setItem">, prefs: UiPrefs): void {
  try {
    storage.setItem(storageKey, JSON.stringify(prefs));
  } catch {
    // Storage is full or forbidden: the next visit starts with the defaults.
  }
}
