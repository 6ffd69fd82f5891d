import { useDraggable } from "@dnd-kit/core";
import { ChevronRight, EllipsisVertical, Expand, LayoutGrid, Pencil, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Camera } from "../../../shared/api/schemas.ts";
import { cn } from "../../ui/cn.ts";
import { Menu, MenuItem, MenuLabel, MenuSeparator, RightClickMenu } from "../../ui/menu.tsx";
import { useCameraDialogs } from "../cameras/camera-dialogs.tsx";
import type { DragItem } from "../live/drag-and-drop.ts";
import { activeTab, cellForAdding, visibleCells } from "../live/layout-reducer.ts";
import { useWall } from "../live/wall-context.tsx";
import type { CameraRow, GroupRow, TreeRow } from "./build-tree.ts";
import { CameraStateIcon } from "./camera-state-icon.tsx";

interface RowProps {
  readonly row: TreeRow;
  readonly index: number;
  /** CSS pixels within the list. */
  readonly top: number;
  readonly height: number;
  readonly active: boolean;
  readonly shown: boolean;
  readonly recording: boolean;
  readonly onActivate: () => void;
  readonly onToggle: (path: string) => void;
  readonly onAdd: (camera: Camera) => void;
}

const INDENT_PX = 14;

export function TreeRowView(props: RowProps): ReactNode {
  const { row } = props;
  return row.type === "group" ? <Group {...props} row={row} /> : <CameraItem {...props} row={row} />;
}

const rowClass = (active: boolean): string =>
  cn(
    "absolute inset-x-1 flex select-none items-center gap-2 rounded-sm pr-1 text-sm hover:bg-hover",
    active &&
      "group-focus-visible/tree:bg-active group-focus-visible/tree:outline-1 group-focus-visible/tree:outline-accent",
  );

function Group({
  row,
  index,
  top,
  height,
  active,
  onActivate,
  onToggle,
}: RowProps & { readonly row: GroupRow }): ReactNode {
  return (
    <div
      id={`tree-row-${index}`}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-expanded={row.open}
      style={{ top, height, paddingLeft: 4 + row.depth * INDENT_PX }}
      className={cn(rowClass(active), "cursor-pointer text-fg-soft")}
      onClick={() => {
        onActivate();
        onToggle(row.path);
      }}
    >
      <ChevronRight
        aria-hidden="true"
        className={cn("size-4 shrink-0 text-fg-muted transition-transform", row.open && "rotate-90")}
      />
      <span className="-ml-1 min-w-0 truncate">{row.name}</span>
      <span
        className={cn("nums ml-auto shrink-0 pr-1 text-2xs", row.online < row.total ? "text-warn" : "text-fg-muted")}
      >
        {row.online}/{row.total}
      </span>
    </div>
  );
}

function CameraItem(props: RowProps & { readonly row: CameraRow }): ReactNode {
  const { row, index, top, height, active, shown, recording, onActivate, onAdd } = props;
  const { camera } = row;
  const { t } = useTranslation();
  const item: DragItem = { type: "camera", cameraId: camera.id, name: camera.name, cell: -1 };
  const drag = useDraggable({ id: `camera-${camera.id}`, data: item });
  const menu = <CameraMenuItems camera={camera} onAdd={onAdd} />;
  return (
    <RightClickMenu
      trigger={
        <div
          {...drag.listeners}
          ref={drag.setNodeRef}
          id={`tree-row-${index}`}
          role="treeitem"
          aria-level={row.depth + 1}
          aria-selected={shown}
          data-camera={camera.id}
          title={camera.name}
          style={{ top, height, paddingLeft: 8 + row.depth * INDENT_PX }}
          className={cn(rowClass(active), "touch-manipulation", drag.isDragging && "opacity-50")}
          onClick={onActivate}
          onDoubleClick={() => !matchMedia("(pointer: coarse)").matches && onAdd(camera)}
        >
          <CameraStateIcon state={camera.status.state} detail={camera.status.lastError} />
          <span
            className={cn(
              "min-w-0 flex-1 truncate",
              shown ? "font-semibold text-fg" : "text-fg-soft",
              !camera.enabled && "text-fg-muted",
            )}
          >
            {camera.name}
          </span>
          {recording && (
            <span
              role="img"
              aria-label={t("tree.recording")}
              title={t("tree.recording")}
              className="mr-1 size-2 shrink-0 rounded-full bg-record"
            />
          )}
          <span className="hidden coarse:inline-flex">
            <Menu
              trigger={
                <button
                  type="button"
                  aria-label={t("common.menu")}
                  onClick={(event) => event.stopPropagation()}
                  className="grid size-10 place-items-center rounded-md text-fg-muted"
                >
                  <EllipsisVertical className="size-4" aria-hidden="true" />
                </button>
              }
            >
              {menu}
            </Menu>
          </span>
        </div>
      }
    >
      {menu}
    </RightClickMenu>
  );
}

function CameraMenuItems({
  camera,
  onAdd,
}: {
  readonly camera: Camera;
  readonly onAdd: (camera: Camera) => void;
}): ReactNode {
  const { t } = useTranslation();
  const { state, dispatch } = useWall();
  const dialogs = useCameraDialogs();
  const at = visibleCells(activeTab(state)).indexOf(camera.id);
  const showLarge = (): void => {
    const cell = at >= 0 ? at : cellForAdding(state);
    if (cell < 0) return;
    if (at < 0) dispatch({ type: "place", cell, cameraId: camera.id });
    dispatch({ type: "large", cell });
  };
  return (
    <>
      <MenuLabel>{camera.name}</MenuLabel>
      <MenuItem icon={<LayoutGrid />} shortcut="Enter" onSelect={() => onAdd(camera)}>
        {t("tree.menu.open")}
      </MenuItem>
      <MenuItem icon={<Expand />} disabled={at < 0 && cellForAdding(state) < 0} onSelect={showLarge}>
        {t("tree.menu.openFullscreen")}
      </MenuItem>
      {dialogs.mayEdit && (
        <>
          <MenuSeparator />
          <MenuItem icon={<Pencil />} onSelect={() => dialogs.edit(camera)}>
            {t("tree.menu.edit")}
          </MenuItem>
          <MenuItem icon={<Trash2 />} danger onSelect={() => dialogs.remove(camera)}>
            {t("tree.menu.remove")}
          </MenuItem>
        </>
      )}
    </>
  );
}
