import type { ReactNode } from "react";
import { cn } from "../../ui/cn.ts";
import { LAYOUT_GRIDS, type LayoutKind } from "./layout-geometry.ts";

/** The layout drawn small, from the same numbers that place the tiles. */
export function LayoutIcon({ kind, className }: { readonly kind: LayoutKind; readonly className?: string }): ReactNode {
  const { columns, rows, cells } = LAYOUT_GRIDS[kind];
  const width = 28;
  const height = 20;
  const gap = columns > 5 ? 0.8 : 1.2;
  const stepX = (width + gap) / columns;
  const stepY = (height + gap) / rows;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true" className={cn("h-5 w-7 fill-current", className)}>
      {cells.map(({ column, row, span }) => (
        <rect
          key={`${column}.${row}`}
          x={column * stepX}
          y={row * stepY}
          width={span * stepX - gap}
          height={span * stepY - gap}
          rx={0.6}
          opacity={span > 1 ? 1 : 0.7}
        />
      ))}
    </svg>
  );
}
