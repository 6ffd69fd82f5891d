import { isLayoutKind } from "./layout-geometry.ts";
import { initialWall, isDirty, MAX_CELLS, type WallState, type WallTab } from "./layout-reducer.ts";

/** Unsaved work and the chosen tab, kept in the browser so that a reload or an expired session loses nothing. */

const key = (userId: string): string => `fluxvision.wall.${userId}`;

export function storeDrafts(storage: Pick<Storage, "setItem">, userId: string, state: WallState): void {
  const drafts = state.tabs.filter(isDirty);
  try {
    storage.setItem(key(userId), JSON.stringify({ version: 1, activeId: state.activeId, drafts }));
  } catch {
    // Storage is full or forbidden: the wall works without.
  }
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 200;
const isCells = (value: unknown): value is (string | null)[] =>
  Array.isArray(value) && value.length <= MAX_CELLS && value.every((cell) => cell === null || isText(cell));

function readTab(value: unknown): WallTab | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, name, kind, cells, shared, ownerId, saved } = value as Record<string, unknown>;
  if (!isText(id) || !isText(name) || !isLayoutKind(kind) || !isCells(cells)) return undefined;
  const before = typeof saved === "object" && saved !== null ? (saved as Record<string, unknown>) : undefined;
  const savedBody =
    before !== undefined && isText(before.name) && isLayoutKind(before.kind) && isCells(before.cells)
      ? { name: before.name, kind: before.kind, cells: before.cells, shared: before.shared === true }
      : undefined;
  return {
    id,
    name,
    kind,
    cells,
    shared: shared === true,
    ownerId: isText(ownerId) ? ownerId : undefined,
    saved: savedBody,
    auto: false,
  };
}

/** Anything unreadable is dropped: an old draft must never keep the wall from opening. */
export function loadDrafts(storage: Pick<Storage, "getItem">, userId: string): WallState {
  try {
    const parsed: unknown = JSON.parse(storage.getItem(key(userId)) ?? "null");
    if (typeof parsed !== "object" || parsed === null) return initialWall();
    const { activeId, drafts } = parsed as Record<string, unknown>;
    const tabs = Array.isArray(drafts) ? drafts.map(readTab).filter((tab) => tab !== undefined) : [];
    return initialWall(tabs, isText(activeId) ? activeId : undefined);
  } catch {
    return initialWall();
  }
}
