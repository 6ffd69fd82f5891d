import type { KeyboardCoordinateGetter, KeyboardSensorOptions, Modifier } from "@dnd-kit/core";
import { neighbour } from "./layout-geometry.ts";

/** What is being dragged: a camera from the tree, or a tile of the wall. */
export interface DragItem {
  readonly type: "camera" | "tile";
  readonly cameraId: string;
  readonly name: string;
  /** The tile it comes from; -1 for the tree. */
  readonly cell: number;
}

export interface DropTarget {
  readonly cell: number;
  readonly cameraId: string | null;
}

const directions = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" } as const;

/** Arrow keys carry a tile from tile to tile rather than pixel by pixel. */
export const tileByTile: KeyboardCoordinateGetter = (event, { context, currentCoordinates }) => {
  const direction = Object.entries(directions).find(([code]) => code === event.code)?.[1];
  const dragged = context.collisionRect;
  if (direction === undefined || dragged === null) return undefined;
  event.preventDefault();
  const rects = context.droppableContainers
    .getEnabled()
    .flatMap((container) => container.rect.current ?? [])
    .map(({ left, top, width, height }) => ({ x: left, y: top, width, height }));
  const centre = { x: dragged.left + dragged.width / 2, y: dragged.top + dragged.height / 2 };
  const at = rects.findIndex(
    ({ x, y, width, height }) => centre.x >= x && centre.x <= x + width && centre.y >= y && centre.y <= y + height,
  );
  const next = rects[neighbour(rects, at, direction)];
  if (next === undefined) return undefined;
  return {
    x: currentCoordinates.x + next.x + next.width / 2 - centre.x,
    y: currentCoordinates.y + next.y + next.height / 2 - centre.y,
  };
};

/** The name follows the pointer, wherever in a large tile it was picked up. */
export const besidePointer: Modifier = ({ activatorEvent, draggingNodeRect, transform }) => {
  if (draggingNodeRect === null) return transform;
  const at =
    activatorEvent instanceof MouseEvent
      ? activatorEvent
      : "touches" in (activatorEvent ?? {})
        ? (activatorEvent as TouchEvent).touches[0]
        : undefined;
  if (at === undefined) return transform;
  return {
    ...transform,
    x: transform.x + at.clientX - draggingNodeRect.left + 12,
    y: transform.y + at.clientY - draggingNodeRect.top + 12,
  };
};

/** Enter shows a tile large, so only Space picks one up. */
export const keyboardOptions: KeyboardSensorOptions = {
  coordinateGetter: tileByTile,
  keyboardCodes: { start: ["Space"], cancel: ["Escape"], end: ["Space", "Enter"] },
};
