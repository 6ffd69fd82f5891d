import type { Layout } from "../../../shared/api/schemas.ts";
import type { LayoutBody } from "../../api/endpoints.ts";
import { cellCount, kindFor, type LayoutKind } from "./layout-geometry.ts";

/** The wall's tabs and what is selected. Pure; the server and the browser's storage are elsewhere. */

/** The tab that shows every camera until somebody edits it. Never stored on the server. */
export const ALL_TAB = "all";
export const MAX_CELLS = 64;

export interface WallTab {
  readonly id: string;
  readonly name: string;
  readonly kind: LayoutKind;
  /** May hold more than the kind shows: a grid made smaller and larger again loses nothing. */
  readonly cells: readonly (string | null)[];
  readonly shared: boolean;
  readonly ownerId: string | undefined;
  /** As the server has it; undefined for a layout that was never saved. */
  readonly saved: LayoutBody | undefined;
  /** Follows the camera list by itself. */
  readonly auto: boolean;
}

export interface WallState {
  readonly tabs: readonly WallTab[];
  readonly activeId: string;
  readonly selected: number | undefined;
  /** The cell that is shown alone. */
  readonly large: number | undefined;
  readonly cameraIds: readonly string[];
}

export type WallAction =
  | { readonly type: "layouts"; readonly layouts: readonly Layout[] }
  | { readonly type: "cameras"; readonly cameraIds: readonly string[] }
  | { readonly type: "activate"; readonly id: string }
  | {
      readonly type: "new-tab";
      readonly id: string;
      readonly name: string;
      readonly ownerId: string;
      readonly from?: WallTab;
    }
  | { readonly type: "drop-tab"; readonly id: string }
  | { readonly type: "restore-tab"; readonly tab: WallTab; readonly index: number }
  | { readonly type: "rename"; readonly id: string; readonly name: string }
  | { readonly type: "share"; readonly id: string; readonly shared: boolean }
  | { readonly type: "saved"; readonly id: string; readonly layout: Layout }
  | { readonly type: "revert"; readonly id: string }
  | { readonly type: "kind"; readonly kind: LayoutKind }
  | { readonly type: "place"; readonly cell: number; readonly cameraId: string }
  | { readonly type: "add"; readonly cameraId: string }
  | { readonly type: "swap"; readonly from: number; readonly to: number }
  | { readonly type: "clear"; readonly cell: number }
  | { readonly type: "clear-all" }
  | { readonly type: "fill" }
  | { readonly type: "select"; readonly cell: number | undefined }
  | { readonly type: "large"; readonly cell: number | undefined };

export function initialWall(tabs: readonly WallTab[] = [], activeId: string = ALL_TAB): WallState {
  const all: WallTab = {
    id: ALL_TAB,
    name: "",
    kind: "3x3",
    cells: [],
    shared: false,
    ownerId: undefined,
    saved: undefined,
    auto: true,
  };
  const list = tabs.some((tab) => tab.id === ALL_TAB) ? tabs : [all, ...tabs];
  // A stored choice of a saved layout is only known once the server has sent the layouts, so it is kept as it is.
  return { tabs: list, activeId, selected: undefined, large: undefined, cameraIds: [] };
}

/** The active tab; the first while the chosen one is not loaded yet. */
export function activeTab(state: WallState): WallTab {
  const tab = state.tabs.find((entry) => entry.id === state.activeId) ?? state.tabs[0];
  if (tab === undefined) throw new Error("a wall always has a tab");
  return tab;
}

export function visibleCells(tab: WallTab): (string | null)[] {
  return Array.from({ length: cellCount(tab.kind) }, (_, index) => tab.cells[index] ?? null);
}

export function bodyOf(tab: WallTab): LayoutBody {
  return { name: tab.name, kind: tab.kind, cells: visibleCells(tab), shared: tab.shared };
}

export function isDirty(tab: WallTab): boolean {
  if (tab.auto) return false;
  if (tab.saved === undefined) return true;
  const { name, kind, shared, cells } = tab.saved;
  if (name !== tab.name || kind !== tab.kind || (shared ?? false) !== tab.shared) return true;
  return visibleCells(tab).some((cameraId, index) => cameraId !== (cells[index] ?? null));
}

function fromServer(layout: Layout): WallTab {
  const { id, name, kind, cells, shared, ownerId } = layout;
  return { id, name, kind, cells, shared, ownerId, saved: { name, kind, cells, shared }, auto: false };
}

function mergeLayouts(tabs: readonly WallTab[], layouts: readonly Layout[]): WallTab[] {
  const byId = new Map(layouts.map((layout) => [layout.id, fromServer(layout)]));
  const kept: WallTab[] = [];
  for (const tab of tabs) {
    const fresh = byId.get(tab.id);
    byId.delete(tab.id);
    if (fresh !== undefined) kept.push(isDirty(tab) ? { ...tab, saved: fresh.saved, ownerId: fresh.ownerId } : fresh);
    // Deleted on the server: the tab goes too, unless it holds work that was never saved.
    else if (tab.auto || tab.saved === undefined) kept.push(tab);
    else if (isDirty(tab)) kept.push({ ...tab, saved: undefined, shared: false });
  }
  return [...kept, ...byId.values()];
}

function autoFill(tab: WallTab, cameraIds: readonly string[]): WallTab {
  return { ...tab, kind: kindFor(cameraIds.length), cells: cameraIds.slice(0, MAX_CELLS) };
}

/** Cameras that the smaller grid would hide move into its free cells, in order. */
function changeKind(tab: WallTab, kind: LayoutKind): WallTab {
  const count = cellCount(kind);
  const cells = Array.from({ length: Math.max(count, tab.cells.length) }, (_, index) => tab.cells[index] ?? null);
  for (let index = count; index < cells.length; index += 1) {
    const free = cells.indexOf(null);
    if (free < 0 || free >= count) break;
    if (cells[index] === null) continue;
    cells[free] = cells[index] ?? null;
    cells[index] = null;
  }
  return { ...tab, kind, cells };
}

function withCells(tab: WallTab, change: (cells: (string | null)[]) => void): WallTab {
  const cells = [...tab.cells];
  while (cells.length < cellCount(tab.kind)) cells.push(null);
  change(cells);
  return { ...tab, cells };
}

/** Where "add to the layout" puts a camera: the selected tile if it is free, else the first free one; -1 when full. */
export function cellForAdding(state: WallState): number {
  const cells = visibleCells(activeTab(state));
  if (state.selected !== undefined && cells[state.selected] === null) return state.selected;
  return cells.indexOf(null);
}

/** Where a camera is shown: in the active layout, else in another one. */
export function cellOf(
  state: WallState,
  cameraId: string,
): { readonly tabId: string; readonly cell: number } | undefined {
  const current = activeTab(state);
  for (const tab of [current, ...state.tabs.filter(({ id }) => id !== current.id)]) {
    const cell = visibleCells(tab).indexOf(cameraId);
    if (cell >= 0) return { tabId: tab.id, cell };
  }
  return undefined;
}

function edit(state: WallState, change: (tab: WallTab) => WallTab): WallState {
  const current = activeTab(state);
  return replaceTab(state, current.id, (tab) => ({ ...change(tab), auto: false }));
}

function replaceTab(state: WallState, id: string, change: (tab: WallTab) => WallTab): WallState {
  return { ...state, tabs: state.tabs.map((tab) => (tab.id === id ? change(tab) : tab)) };
}

function go(state: WallState, id: string): WallState {
  if (id === state.activeId || !state.tabs.some((tab) => tab.id === id)) return state;
  return { ...state, activeId: id, selected: undefined, large: undefined };
}

function savedTab(state: WallState, id: string, layout: Layout): WallState {
  const fresh = fromServer(layout);
  if (id === ALL_TAB) {
    // The edited "all cameras" becomes a layout of its own; "all cameras" shows all cameras again.
    const reset = replaceTab(state, ALL_TAB, (tab) => autoFill({ ...tab, name: "", auto: true }, state.cameraIds));
    return go({ ...reset, tabs: [...reset.tabs, fresh] }, fresh.id);
  }
  const next = replaceTab(state, id, (tab) => ({ ...fresh, cells: tab.cells }));
  return state.activeId === id ? { ...next, activeId: fresh.id } : next;
}

export function wallReducer(state: WallState, action: WallAction): WallState {
  switch (action.type) {
    case "layouts":
      return { ...state, tabs: mergeLayouts(state.tabs, action.layouts) };
    case "cameras":
      return {
        ...state,
        cameraIds: action.cameraIds,
        tabs: state.tabs.map((tab) => (tab.auto ? autoFill(tab, action.cameraIds) : tab)),
      };
    case "activate":
      return go(state, action.id);
    case "new-tab": {
      const { id, name, ownerId, from } = action;
      const tab: WallTab = {
        id,
        name,
        kind: from?.kind ?? "2x2",
        cells: from === undefined ? [] : visibleCells(from),
        shared: false,
        ownerId,
        saved: undefined,
        auto: false,
      };
      return go({ ...state, tabs: [...state.tabs, tab] }, id);
    }
    case "drop-tab": {
      if (action.id === ALL_TAB) return state;
      const index = state.tabs.findIndex((tab) => tab.id === action.id);
      const tabs = state.tabs.filter((tab) => tab.id !== action.id);
      const next = { ...state, tabs };
      return state.activeId === action.id ? go(next, tabs[Math.max(0, index - 1)]?.id ?? ALL_TAB) : next;
    }
    case "restore-tab":
      return go({ ...state, tabs: state.tabs.toSpliced(action.index, 0, action.tab) }, action.tab.id);
    case "rename":
      return replaceTab(state, action.id, (tab) => ({ ...tab, name: action.name, auto: false }));
    case "share":
      return replaceTab(state, action.id, (tab) => ({ ...tab, shared: action.shared }));
    case "saved":
      return savedTab(state, action.id, action.layout);
    case "revert":
      return replaceTab(state, action.id, (tab) => {
        if (tab.id === ALL_TAB) return autoFill({ ...tab, name: "", auto: true }, state.cameraIds);
        return tab.saved === undefined ? tab : { ...tab, ...tab.saved, shared: tab.saved.shared ?? false };
      });
    case "kind": {
      const next = edit(state, (tab) => changeKind(tab, action.kind));
      const last = cellCount(action.kind) - 1;
      return {
        ...next,
        selected: state.selected !== undefined && state.selected > last ? last : state.selected,
        large: undefined,
      };
    }
    case "place":
      return edit(state, (tab) =>
        withCells(tab, (cells) => {
          cells[action.cell] = action.cameraId;
        }),
      );
    case "add": {
      const cell = cellForAdding(state);
      if (cell < 0) return state;
      return { ...wallReducer(state, { type: "place", cell, cameraId: action.cameraId }), selected: cell };
    }
    case "swap":
      return edit(state, (tab) =>
        withCells(tab, (cells) => {
          const held = cells[action.from] ?? null;
          cells[action.from] = cells[action.to] ?? null;
          cells[action.to] = held;
        }),
      );
    case "clear":
      return {
        ...edit(state, (tab) =>
          withCells(tab, (cells) => {
            cells[action.cell] = null;
          }),
        ),
        large: state.large === action.cell ? undefined : state.large,
      };
    case "clear-all":
      return { ...edit(state, (tab) => ({ ...tab, cells: [] })), large: undefined };
    case "fill":
      return edit(state, (tab) =>
        withCells(tab, (cells) => {
          const shown = new Set(cells);
          const rest = state.cameraIds.filter((id) => !shown.has(id));
          for (let cell = 0; cell < cellCount(tab.kind); cell += 1) cells[cell] ??= rest.shift() ?? null;
        }),
      );
    case "select":
      return state.selected === action.cell ? state : { ...state, selected: action.cell };
    case "large":
      return { ...state, large: action.cell, selected: action.cell ?? state.selected };
  }
}
