import {
  type Announcements,
  DndContext,
  type DragEndEvent,
  DragOverlay,
  type DragStartEvent,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  rectIntersection,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { Cctv, Plus } from "lucide-react";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "../../app/permissions.ts";
import { useKiosk } from "../../app/use-kiosk.ts";
import { Button } from "../../ui/button.tsx";
import { Sheet } from "../../ui/dialog.tsx";
import { EmptyState, FailureState, Skeleton } from "../../ui/states.tsx";
import { useCameraDialogs } from "../cameras/camera-dialogs.tsx";
import { AddToCaseDialog } from "../cases/add-to-case-dialog.tsx";
import { ExportDialog } from "../exports/export-dialog.tsx";
import { PlaybackProvider } from "../playback/playback-context.tsx";
import { PlaybackPanel, type RangeRequest } from "../playback/playback-panel.tsx";
import { useArchiveVisit } from "../playback/use-archive-visit.ts";
import { useTimeLink } from "../playback/use-time-link.ts";
import { ResourceTree } from "../tree/resource-tree.tsx";
import { TreePane } from "../tree/tree-pane.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import type { View } from "./digital-zoom.ts";
import { besidePointer, type DragItem, type DropTarget, keyboardOptions } from "./drag-and-drop.ts";
import { KioskControls } from "./kiosk-controls.tsx";
import { LayoutBar } from "./layout-bar.tsx";
import { StatusBar } from "./status-bar.tsx";
import { useMedia } from "./use-media.ts";
import { useHearing } from "./use-sound.ts";
import { useWallKeys } from "./use-wall-keys.ts";
import { Wall, withView } from "./wall.tsx";
import { useWall } from "./wall-context.tsx";

export function WallPage(): ReactNode {
  const { t } = useTranslation();
  const { dispatch, prefs, setPrefs } = useWall();
  const kiosk = useKiosk();
  const may = useCan();
  const [exporting, setExporting] = useState<RangeRequest>();
  const [collecting, setCollecting] = useState<RangeRequest>();
  const narrow = useMedia("(max-width: 767px)");
  const phone = useMedia("(max-width: 639px)");
  const [sheet, setSheet] = useState(false);
  const [dragged, setDragged] = useState<DragItem>();
  const [views, setViews] = useState<Readonly<Record<string, View>>>({});
  const onView = useCallback((tileId: string, view: View) => setViews((before) => withView(before, tileId, view)), []);
  const toggleTree = useCallback(() => {
    if (narrow) setSheet((open) => !open);
    else setPrefs({ treeOpen: !prefs.treeOpen });
  }, [narrow, prefs.treeOpen, setPrefs]);
  useWallKeys({
    views,
    onView,
    toggleTree,
    showTree: () => (narrow ? setSheet(true) : setPrefs({ treeOpen: true })),
    paused: dragged !== undefined,
  });

  useArchiveVisit(prefs.timelineOpen && !kiosk);
  useTimeLink();
  useHearing();

  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }),
    useSensor(KeyboardSensor, keyboardOptions),
  );
  const announcements = useAnnouncements();

  const onDragStart = ({ active }: DragStartEvent): void => setDragged(active.data.current as DragItem | undefined);
  const onDragEnd = ({ active, over }: DragEndEvent): void => {
    setDragged(undefined);
    const item = active.data.current as DragItem | undefined;
    const target = over?.data.current as DropTarget | undefined;
    // A long press that opened a menu was not a drag.
    const menuOpen = document.querySelector('[role="menu"]') !== null;
    if (item === undefined || target === undefined || menuOpen) return;
    if (item.type === "tile") {
      if (item.cell !== target.cell) dispatch({ type: "swap", from: item.cell, to: target.cell });
    } else if (target.cameraId !== item.cameraId) {
      dispatch({ type: "place", cell: target.cell, cameraId: item.cameraId });
    }
    dispatch({ type: "select", cell: target.cell });
  };

  const wall = <WallArea column={phone && !kiosk} bare={kiosk} views={views} onView={onView} />;
  if (kiosk) {
    return (
      <KioskControls>
        <DndContext>{wall}</DndContext>
      </KioskControls>
    );
  }
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={(args) => (args.pointerCoordinates === null ? rectIntersection(args) : pointerWithin(args))}
      accessibility={{ announcements, screenReaderInstructions: { draggable: t("dnd.instructions") } }}
      onDragStart={onDragStart}
      onDragEnd={onDragEnd}
      onDragCancel={() => setDragged(undefined)}
    >
      <div className="flex h-full flex-col">
        <div className="flex min-h-0 flex-1">
          {!narrow && prefs.treeOpen && (
            <TreePane>
              <ResourceTree />
            </TreePane>
          )}
          <div className="flex min-w-0 flex-1 flex-col">
            <LayoutBar phone={phone} treeOpen={narrow ? sheet : prefs.treeOpen} onToggleTree={toggleTree} />
            <div className="relative min-h-0 flex-1 on-dark bg-canvas p-1">
              <div className="relative size-full">{wall}</div>
              <ConnectionBanner />
            </div>
          </div>
        </div>
        {prefs.timelineOpen && (
          <PlaybackProvider>
            <PlaybackPanel
              {...(may("archive.export") ? { onExport: setExporting } : {})}
              {...(may("evidence.manage") ? { onCase: setCollecting } : {})}
            />
          </PlaybackProvider>
        )}
        <StatusBar />
      </div>
      {exporting !== undefined && <ExportDialog request={exporting} onClose={() => setExporting(undefined)} />}
      {collecting !== undefined && (
        <AddToCaseDialog
          footage={collecting}
          cameraIds={collecting.cameraIds}
          onClose={() => setCollecting(undefined)}
        />
      )}
      {narrow && (
        <Sheet open={sheet} onOpenChange={setSheet} title={t("tree.title")}>
          <ResourceTree onChosen={() => setSheet(false)} />
        </Sheet>
      )}
      <DragOverlay dropAnimation={null} zIndex={60} modifiers={[besidePointer]}>
        {dragged !== undefined && (
          <div className="inline-flex max-w-60 items-center gap-2 rounded-md bg-overlay px-3 py-1.5 font-medium text-sm shadow-float">
            <Cctv className="size-4 shrink-0 text-fg-muted" aria-hidden="true" />
            <span className="truncate">{dragged.name}</span>
          </div>
        )}
      </DragOverlay>
    </DndContext>
  );
}

/** What a screen reader says while a camera is carried. */
function useAnnouncements(): Announcements {
  const { t } = useTranslation();
  return useMemo(() => {
    const name = (data: { current?: unknown }): string => (data.current as DragItem | undefined)?.name ?? "";
    const number = (data: { current?: unknown } | undefined): number =>
      ((data?.current as DropTarget | undefined)?.cell ?? 0) + 1;
    return {
      onDragStart: ({ active }) => t("dnd.picked", { name: name(active.data) }),
      onDragOver: ({ active, over }) =>
        over === null
          ? t("dnd.overNothing", { name: name(active.data) })
          : t("dnd.over", { name: name(active.data), number: number(over.data) }),
      onDragEnd: ({ active, over }) =>
        over === null
          ? t("dnd.cancelled", { name: name(active.data) })
          : t("dnd.dropped", { name: name(active.data), number: number(over.data) }),
      onDragCancel: ({ active }) => t("dnd.cancelled", { name: name(active.data) }),
    };
  }, [t]);
}

interface WallAreaProps {
  readonly column: boolean;
  readonly bare: boolean;
  readonly views: Readonly<Record<string, View>>;
  readonly onView: (tileId: string, view: View) => void;
}

/** The wall, or why there is none. */
function WallArea(props: WallAreaProps): ReactNode {
  const { t } = useTranslation();
  const { state, cameras, layouts } = useWall();
  const dialogs = useCameraDialogs();
  // The list is there one step before the wall is filled with it.
  const filling = state.cameraIds.length === 0 && (cameras.data?.length ?? 0) > 0;
  if (cameras.isPending || layouts.isPending || filling) {
    return (
      <div role="status" aria-label={t("app.loading")} className="grid size-full grid-cols-3 grid-rows-3 gap-1">
        {["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((tile) => (
          <Skeleton key={tile} className="rounded-none bg-panel" />
        ))}
      </div>
    );
  }
  if (cameras.isError && cameras.data === undefined) {
    return (
      <div className="grid size-full place-items-center">
        <FailureState title={t("tree.failed")} onRetry={() => void cameras.refetch()} />
      </div>
    );
  }
  if (cameras.data?.length === 0) {
    return (
      <div className="grid size-full place-items-center">
        <EmptyState
          icon={<Cctv />}
          title={t("wall.noCameras")}
          lead={dialogs.mayEdit ? t("wall.noCamerasLead") : t("tree.emptyViewer")}
          action={
            dialogs.mayEdit && (
              <Button variant="primary" onClick={dialogs.add}>
                <Plus aria-hidden="true" />
                {t("cameras.add")}
              </Button>
            )
          }
        />
      </div>
    );
  }
  return <Wall {...props} />;
}
