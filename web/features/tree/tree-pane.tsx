import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { clampTreeWidth, TREE_WIDTH } from "../live/ui-prefs.ts";
import { useWall } from "../live/wall-context.tsx";

/** The tree's column, as wide as the operator drags it. */
export function TreePane({ children }: { readonly children: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const { prefs, setPrefs } = useWall();
  const [width, setWidth] = useState<number>();
  const start = useRef<{ readonly x: number; readonly width: number } | undefined>(undefined);
  const shown = width ?? prefs.treeWidth;

  const onPointerDown = (event: PointerEvent<HTMLElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width: prefs.treeWidth };
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>): void => {
    if (start.current !== undefined) setWidth(clampTreeWidth(start.current.width + event.clientX - start.current.x));
  };
  const onPointerUp = (): void => {
    if (start.current !== undefined && width !== undefined) setPrefs({ treeWidth: width });
    start.current = undefined;
    setWidth(undefined);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = event.key === "ArrowRight" ? 16 : event.key === "ArrowLeft" ? -16 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    setPrefs({ treeWidth: clampTreeWidth(prefs.treeWidth + step) });
  };

  return (
    <aside
      aria-label={t("tree.title")}
      style={{ width: shown }}
      className="relative flex shrink-0 flex-col border-line border-r bg-panel"
    >
      {children}
      <div
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={t("tree.resize")}
        aria-valuemin={TREE_WIDTH.min}
        aria-valuemax={TREE_WIDTH.max}
        aria-valuenow={shown}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={onPointerUp}
        onDoubleClick={() => setPrefs({ treeWidth: TREE_WIDTH.start })}
        onKeyDown={onKeyDown}
        className="absolute inset-y-0 -right-1 z-10 w-2 cursor-col-resize touch-none after:absolute after:inset-y-0 after:left-[3px] after:w-0.5 hover:after:bg-accent focus-visible:outline-none focus-visible:after:bg-accent"
      />
    </aside>
  );
}
