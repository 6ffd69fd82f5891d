import { useVirtualizer } from "@tanstack/react-virtual";
import { Cctv, ChevronsDownUp, ChevronsUpDown, Plus, Search, X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Camera } from "../../../shared/api/schemas.ts";
import type { WallStats } from "../../engine/worker-protocol.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { inputClass } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { EmptyState, FailureState, Skeleton } from "../../ui/states.tsx";
import { useCameraDialogs } from "../cameras/camera-dialogs.tsx";
import { kindFor } from "../live/layout-geometry.ts";
import { activeTab, cellForAdding, visibleCells } from "../live/layout-reducer.ts";
import { useMedia } from "../live/use-media.ts";
import { useWallStats } from "../live/use-wall-stats.ts";
import { useWall } from "../live/wall-context.tsx";
import { buildTree, isOnline, type TreeRow } from "./build-tree.ts";
import { TreeRowView } from "./tree-row.tsx";

export const TREE_SEARCH_ID = "tree-search";

const none: readonly Camera[] = [];
const selectRecording = (stats: WallStats): string =>
  stats.tiles
    .filter((tile) => tile.recording)
    .map((tile) => tile.cameraId)
    .join(" ");

interface ResourceTreeProps {
  /** A camera was put on the wall: a sheet closes then. */
  readonly onChosen?: () => void;
}

export function ResourceTree({ onChosen }: ResourceTreeProps): ReactNode {
  const { t } = useTranslation();
  const { state, dispatch, prefs, setPrefs, cameras } = useWall();
  const dialogs = useCameraDialogs();
  const [query, setQuery] = useState("");
  const [activeIndex, setActiveIndex] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const coarse = useMedia("(pointer: coarse)");
  const phone = useMedia("(max-width: 639px)");
  const list = cameras.data ?? none;
  const collapsed = useMemo(() => new Set(prefs.collapsed), [prefs.collapsed]);
  const rows = useMemo(() => buildTree(list, query, collapsed), [list, query, collapsed]);
  const recordingIds = useWallStats(selectRecording);
  const recording = useMemo(() => new Set(recordingIds.split(" ")), [recordingIds]);
  const shown = useMemo(() => new Set(visibleCells(activeTab(state))), [state]);
  const current = Math.min(activeIndex, rows.length - 1);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (coarse ? 44 : 28),
    overscan: 12,
  });

  const add = useCallback(
    (camera: Camera) => {
      if (cellForAdding(state) < 0) {
        // A phone shows one column: its grid has no shape to keep, so it grows.
        if (!phone || state.cameraIds.length === 0) {
          toast.warning(t("layouts.full"));
          return;
        }
        dispatch({ type: "kind", kind: kindFor(visibleCells(activeTab(state)).length + 1) });
      }
      dispatch({ type: "add", cameraId: camera.id });
      onChosen?.();
    },
    [state, dispatch, onChosen, phone, t],
  );
  /** A tap has no double-click: it shows the camera, or selects the tile that does so already. */
  const tap = (camera: Camera): void => {
    const cell = visibleCells(activeTab(state)).indexOf(camera.id);
    if (cell < 0) add(camera);
    else {
      dispatch({ type: "select", cell });
      onChosen?.();
      requestAnimationFrame(() =>
        document.querySelector(`[data-tile="${cell}"]`)?.scrollIntoView({ block: "nearest" }),
      );
    }
  };
  const toggle = (path: string): void =>
    setPrefs({
      collapsed: collapsed.has(path) ? prefs.collapsed.filter((entry) => entry !== path) : [...prefs.collapsed, path],
    });

  const groups = rows.filter((row) => row.type === "group");
  const collapseAll = (): void => {
    const open = groups.some((row) => row.open);
    setPrefs({
      collapsed: open ? buildTree(list, "", new Set()).flatMap((row) => (row.type === "group" ? [row.path] : [])) : [],
    });
  };

  const moveTo = (index: number): void => {
    const next = Math.min(Math.max(index, 0), rows.length - 1);
    setActiveIndex(next);
    virtual.scrollToIndex(next);
  };
  const parentOf = (index: number): number => {
    const depth = rows[index]?.depth ?? 0;
    for (let above = index - 1; above >= 0; above -= 1) if ((rows[above]?.depth ?? 0) < depth) return above;
    return index;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = rows[current];
    const act = treeKey(event.key, row);
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (act === "add" && row?.type === "camera") add(row.camera);
    else if (act === "toggle" && row?.type === "group") toggle(row.path);
    else if (act === "parent") moveTo(parentOf(current));
    else if (act === "first") moveTo(0);
    else if (act === "last") moveTo(rows.length - 1);
    else if (act === "down") moveTo(current + 1);
    else if (act === "up") moveTo(current - 1);
  };

  return (
    <>
      <header className="flex h-9 shrink-0 items-center gap-1 pr-1.5 pl-3 coarse:h-12">
        <h2 className="font-semibold text-sm">{t("tree.title")}</h2>
        <span
          className="nums text-fg-muted text-xs"
          title={t("tree.onlineOf", { online: list.filter(isOnline).length, total: list.length })}
        >
          {list.length > 0 && `${list.filter(isOnline).length}/${list.length}`}
        </span>
        <span className="ml-auto flex">
          {groups.length > 0 && query === "" && (
            <IconButton
              label={groups.some((row) => row.open) ? t("tree.collapseAll") : t("tree.expandAll")}
              onClick={collapseAll}
            >
              {groups.some((row) => row.open) ? <ChevronsDownUp /> : <ChevronsUpDown />}
            </IconButton>
          )}
          {dialogs.mayEdit && (
            <IconButton label={t("tree.addCamera")} onClick={dialogs.add}>
              <Plus aria-hidden="true" />
            </IconButton>
          )}
        </span>
      </header>
      <div className="relative mx-2 mb-1 shrink-0">
        <Search
          className="pointer-events-none absolute top-1/2 left-2 size-3.5 -translate-y-1/2 text-fg-muted"
          aria-hidden="true"
        />
        <input
          id={TREE_SEARCH_ID}
          type="text"
          role="searchbox"
          aria-label={t("tree.search")}
          placeholder={t("tree.searchHint")}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActiveIndex(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") {
              if (query === "") event.currentTarget.blur();
              setQuery("");
            } else if (event.key === "ArrowDown" || event.key === "Enter") {
              event.preventDefault();
              const first = rows.findIndex((row) => row.type === "camera");
              if (first < 0) return;
              moveTo(first);
              const row = rows[first];
              if (event.key === "Enter" && row?.type === "camera") add(row.camera);
              else scroller.current?.focus();
            }
          }}
          className={cn(inputClass, "h-7 pr-7 pl-7 text-xs")}
        />
        {query !== "" && (
          <button
            type="button"
            aria-label={t("tree.clearSearch")}
            onClick={() => setQuery("")}
            className="absolute inset-y-0 right-0 grid w-7 place-items-center text-fg-muted hover:text-fg coarse:w-11"
          >
            <X className="size-3.5" aria-hidden="true" />
          </button>
        )}
      </div>
      {cameras.isPending ? (
        <div role="status" aria-label={t("app.loading")} className="flex flex-col gap-2 p-3">
          {["w-3/5", "w-4/5", "w-1/2", "w-3/4", "w-2/3"].map((width) => (
            <Skeleton key={width} className={cn("h-4", width)} />
          ))}
        </div>
      ) : cameras.isError && cameras.data === undefined ? (
        <FailureState title={t("tree.failed")} onRetry={() => void cameras.refetch()} />
      ) : list.length === 0 ? (
        <EmptyState
          icon={<Cctv />}
          title={t("tree.empty")}
          lead={dialogs.mayEdit ? t("tree.emptyLead") : t("tree.emptyViewer")}
          action={
            dialogs.mayEdit && (
              <Button size="sm" onClick={dialogs.add}>
                {t("tree.addCamera")}
              </Button>
            )
          }
        />
      ) : rows.length === 0 ? (
        <p className="px-3 py-4 text-fg-muted text-xs [overflow-wrap:anywhere]">{t("tree.noMatch", { query })}</p>
      ) : (
        <div
          ref={scroller}
          role="tree"
          tabIndex={0}
          aria-label={t("tree.title")}
          aria-activedescendant={`tree-row-${current}`}
          onKeyDown={onKeyDown}
          className="group/tree min-h-0 flex-1 overflow-y-auto pb-2 outline-none"
        >
          <div className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              return (
                <TreeRowView
                  key={row.type === "group" ? row.path : row.camera.id}
                  row={row}
                  index={item.index}
                  top={item.start}
                  height={item.size}
                  active={item.index === current}
                  shown={row.type === "camera" && shown.has(row.camera.id)}
                  recording={row.type === "camera" && recording.has(row.camera.id)}
                  onActivate={() => {
                    setActiveIndex(item.index);
                    if (coarse && row.type === "camera") tap(row.camera);
                  }}
                  onToggle={toggle}
                  onAdd={add}
                />
              );
            })}
          </div>
        </div>
      )}
    </>
  );
}

type TreeAct = "add" | "toggle" | "parent" | "first" | "last" | "down" | "up";

function treeKey(key: string, row: TreeRow | undefined): TreeAct | undefined {
  const group = row?.type === "group" ? row : undefined;
  switch (key) {
    case "ArrowDown":
      return "down";
    case "ArrowUp":
      return "up";
    case "Home":
      return "first";
    case "End":
      return "last";
    case "Enter":
      return group === undefined ? "add" : "toggle";
    case " ":
      return group === undefined ? "add" : "toggle";
    case "ArrowRight":
      return group === undefined || group.open ? "down" : "toggle";
    case "ArrowLeft":
      return group?.open ? "toggle" : "parent";
    default:
      return undefined;
  }
}
