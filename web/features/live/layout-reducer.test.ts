import { describe, expect, test } from "vitest";
import type { Layout } from "../../../shared/api/schemas.ts";
import { loadDrafts, storeDrafts } from "./layout-drafts.ts";
import {
  ALL_TAB,
  activeTab,
  bodyOf,
  cellForAdding,
  initialWall,
  isDirty,
  visibleCells,
  type WallAction,
  type WallState,
  wallReducer,
} from "./layout-reducer.ts";

const run = (state: WallState, ...actions: WallAction[]): WallState => actions.reduce(wallReducer, state);

const nine = Array.from({ length: 9 }, (_, index) => `camera-${index + 1}`);
const layout = (id: string, change: Partial<Layout> = {}): Layout => ({
  id,
  name: id,
  kind: "2x2",
  cells: ["camera-1", null, null, null],
  shared: false,
  ownerId: "me",
  updatedAt: "2026-01-01T00:00:00.000Z",
  ...change,
});
const withNine = run(initialWall(), { type: "cameras", cameraIds: nine });
const withSaved = run(
  withNine,
  { type: "layouts", layouts: [layout("gate"), layout("dock")] },
  { type: "activate", id: "gate" },
);

describe("all cameras", () => {
  test("nine cameras fill a 3x3 wall by themselves, and that is no change to save", () => {
    const tab = activeTab(withNine);
    expect(tab.kind).toBe("3x3");
    expect(visibleCells(tab)).toEqual(nine);
    expect(isDirty(tab)).toBe(false);
  });

  test("follow the camera list until somebody edits the wall", () => {
    const more = run(withNine, { type: "cameras", cameraIds: [...nine, "camera-10"] });
    expect(activeTab(more).kind).toBe("4x4");
    const edited = run(withNine, { type: "clear", cell: 0 }, { type: "cameras", cameraIds: [...nine, "camera-10"] });
    expect(visibleCells(activeTab(edited))).toEqual([null, ...nine.slice(1)]);
    expect(isDirty(activeTab(edited))).toBe(true);
  });

  test("saving an edited one makes a layout of it and shows all cameras again", () => {
    const saved = run(withNine, { type: "clear", cell: 0 }, { type: "saved", id: ALL_TAB, layout: layout("new") });
    expect(saved.activeId).toBe("new");
    expect(visibleCells(saved.tabs[0] ?? activeTab(saved))).toEqual(nine);
  });

  test("discarding changes shows all cameras again", () => {
    const back = run(withNine, { type: "kind", kind: "1" }, { type: "revert", id: ALL_TAB });
    expect(activeTab(back)).toEqual(activeTab(withNine));
  });

  test("cannot be deleted", () => {
    expect(run(withNine, { type: "drop-tab", id: ALL_TAB })).toBe(withNine);
  });
});

describe("editing a layout", () => {
  test("place, swap, clear", () => {
    const placed = run(withSaved, { type: "place", cell: 3, cameraId: "camera-2" });
    expect(visibleCells(activeTab(placed))).toEqual(["camera-1", null, null, "camera-2"]);
    const swapped = run(placed, { type: "swap", from: 0, to: 3 });
    expect(visibleCells(activeTab(swapped))).toEqual(["camera-2", null, null, "camera-1"]);
    const cleared = run(swapped, { type: "clear", cell: 0 });
    expect(visibleCells(activeTab(cleared))).toEqual([null, null, null, "camera-1"]);
    expect(isDirty(activeTab(cleared))).toBe(true);
  });

  test("undoing by hand is no change any more", () => {
    const same = run(withSaved, { type: "place", cell: 1, cameraId: "camera-2" }, { type: "clear", cell: 1 });
    expect(isDirty(activeTab(same))).toBe(false);
  });

  test("adding takes the selected tile if it is free, else the first free one, else nothing", () => {
    expect(cellForAdding(run(withSaved, { type: "select", cell: 2 }))).toBe(2);
    expect(cellForAdding(run(withSaved, { type: "select", cell: 0 }))).toBe(1);
    const added = run(withSaved, { type: "select", cell: 2 }, { type: "add", cameraId: "camera-7" });
    expect(visibleCells(activeTab(added))).toEqual(["camera-1", null, "camera-7", null]);
    expect(added.selected).toBe(2);
    expect(run(withNine, { type: "add", cameraId: "camera-1" })).toBe(withNine);
  });

  test("a smaller grid keeps cameras in its free tiles, and a larger one again loses none", () => {
    const wide = run(withSaved, { type: "kind", kind: "3x3" }, { type: "place", cell: 8, cameraId: "camera-9" });
    const small = run(wide, { type: "kind", kind: "2x2" });
    expect(visibleCells(activeTab(small))).toEqual(["camera-1", "camera-9", null, null]);
    const one = run(withNine, { type: "kind", kind: "1" }, { type: "kind", kind: "3x3" });
    expect(visibleCells(activeTab(one))).toEqual(nine);
  });

  test("what is saved has exactly the cells of its grid", () => {
    expect(bodyOf(activeTab(run(withNine, { type: "kind", kind: "2x2" }))).cells).toEqual(nine.slice(0, 4));
  });

  test("filling uses each camera once and leaves what is there", () => {
    const filled = run(withSaved, { type: "place", cell: 2, cameraId: "camera-5" }, { type: "fill" });
    expect(visibleCells(activeTab(filled))).toEqual(["camera-1", "camera-2", "camera-5", "camera-3"]);
  });

  test("the selection stays on the grid", () => {
    const state = run(withNine, { type: "select", cell: 8 }, { type: "kind", kind: "2x2" });
    expect(state.selected).toBe(3);
  });

  test("removing the camera that is shown large goes back to the wall", () => {
    const state = run(withSaved, { type: "large", cell: 0 }, { type: "clear", cell: 0 });
    expect(state.large).toBeUndefined();
  });
});

describe("layouts from the server", () => {
  test("a newer version replaces an unchanged tab, but not unsaved work", () => {
    const newer = layout("gate", { cells: [null, "camera-4", null, null] });
    const clean = run(withSaved, { type: "layouts", layouts: [newer] });
    expect(visibleCells(activeTab(clean))).toEqual([null, "camera-4", null, null]);
    const edited = run(withSaved, { type: "clear", cell: 0 }, { type: "layouts", layouts: [newer] });
    expect(visibleCells(activeTab(edited))).toEqual([null, null, null, null]);
    const reverted = run(edited, { type: "revert", id: "gate" });
    expect(visibleCells(activeTab(reverted))).toEqual([null, "camera-4", null, null]);
  });

  test("one deleted elsewhere closes its tab; unsaved work stays as a new layout", () => {
    expect(run(withSaved, { type: "layouts", layouts: [] }).tabs.map((tab) => tab.id)).toEqual([ALL_TAB]);
    const kept = run(withSaved, { type: "clear", cell: 0 }, { type: "layouts", layouts: [] });
    expect(activeTab(kept).saved).toBeUndefined();
    expect(isDirty(activeTab(kept))).toBe(true);
  });

  test("closing the active tab goes to its neighbour; undo brings it back where it was", () => {
    const gone = run(withSaved, { type: "activate", id: "dock" }, { type: "drop-tab", id: "dock" });
    expect(gone.activeId).toBe("gate");
    const tab = withSaved.tabs[1];
    expect(tab?.id).toBe("gate");
    const back =
      tab === undefined ? gone : run(gone, { type: "drop-tab", id: "gate" }, { type: "restore-tab", tab, index: 1 });
    expect(back.tabs.map((entry) => entry.id)).toEqual([ALL_TAB, "gate"]);
    expect(back.activeId).toBe("gate");
  });

  test("changing tabs ends selection and large view; an unknown tab changes nothing", () => {
    const state = run(withSaved, { type: "large", cell: 0 }, { type: "activate", id: "dock" });
    expect([state.selected, state.large]).toEqual([undefined, undefined]);
    expect(run(state, { type: "activate", id: "nobody" })).toBe(state);
  });
});

describe("drafts in the browser", () => {
  const storage = () => {
    const entries = new Map<string, string>();
    return {
      getItem: (key: string) => entries.get(key) ?? null,
      setItem: (key: string, value: string) => void entries.set(key, value),
    };
  };

  test("unsaved work and the chosen tab survive a reload, per user", () => {
    const kept = storage();
    storeDrafts(kept, "me", run(withSaved, { type: "place", cell: 1, cameraId: "camera-8" }));
    const reloaded = run(loadDrafts(kept, "me"), { type: "layouts", layouts: [layout("gate"), layout("dock")] });
    expect(visibleCells(activeTab(reloaded))).toEqual(["camera-1", "camera-8", null, null]);
    expect(loadDrafts(kept, "someone else")).toEqual(initialWall());
  });

  test.each([
    "{",
    "null",
    "[]",
    '{"drafts":[1,{"id":"x"},{"id":"x","name":"x","kind":"9x9","cells":[]}]}',
    '{"drafts":{}}',
  ])("unreadable storage %s opens an empty wall", (text) => {
    expect(loadDrafts({ getItem: () => text }, "me").tabs.map((tab) => tab.id)).toEqual([ALL_TAB]);
  });

  test("storage that is full is no failure", () => {
    const full = {
      setItem: () => {
        throw new Error("QuotaExceededError");
      },
    };
    expect(() => storeDrafts(full, "me", withSaved)).not.toThrow();
  });
});
