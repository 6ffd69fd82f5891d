import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEngineHost } from "../../app/services.ts";
import { isZoomed, type View } from "./digital-zoom.ts";
import { columnHeight, TILE_GAP } from "./layout-geometry.ts";
import { activeTab } from "./layout-reducer.ts";
import { TileOverlay } from "./tile-overlay.tsx";
import { planTiles, tileSpecs } from "./tile-plan.ts";
import { useDeviceSize } from "./use-device-size.ts";
import { useWall } from "./wall-context.tsx";

interface WallProps {
  /** One column that scrolls, for a phone. */
  readonly column: boolean;
  /** Kiosk: no controls over the pictures. */
  readonly bare: boolean;
  readonly views: Readonly<Record<string, View>>;
  readonly onView: (tileId: string, view: View) => void;
}

/** The one canvas and the overlays above it. The canvas stays still; on a phone the overlays scroll and the tiles follow. */
export function Wall({ column, bare, views, onView }: WallProps): ReactNode {
  const { t } = useTranslation();
  const { state, prefs } = useWall();
  const host = useEngineHost();
  const frame = useRef<HTMLDivElement>(null);
  const size = useDeviceSize(frame);
  const [scrollTop, setScrollTop] = useState(0);
  const tab = activeTab(state);
  const ratio = size?.ratio ?? 1;
  const scrolls = column && state.large === undefined;

  const planned = useMemo(() => {
    if (size === undefined) return [];
    const gap = Math.round(TILE_GAP * size.ratio);
    return planTiles(tab, state.large, { width: size.width, height: size.height, gap, column });
  }, [tab, state.large, size, column]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (host === undefined || element === null) return;
    element.prepend(host.canvas);
    return () => {
      host.canvas.remove();
      host.engine.setTiles([]);
    };
  }, [host]);

  useEffect(() => {
    if (host !== undefined && size !== undefined) host.engine.resize(size.width, size.height);
  }, [host, size]);

  useEffect(() => {
    if (host === undefined || size === undefined) return;
    const top = scrolls ? Math.round(scrollTop * size.ratio) : 0;
    host.engine.setTiles(tileSpecs(planned, top, size.height, new Set(prefs.filled), views));
  }, [host, size, planned, scrolls, scrollTop, prefs.filled, views]);

  useEffect(() => {
    if (host === undefined) return;
    const tell = (): void => host.engine.setVisible(document.visibilityState === "visible");
    tell();
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  }, [host]);

  const followScroll = useCallback((element: HTMLElement) => setScrollTop(element.scrollTop), []);
  const shownTiles =
    scrolls && size !== undefined ? columnHeight(planned.length, size.width, Math.round(TILE_GAP * ratio)) / ratio : 0;

  return (
    <section aria-label={t("wall.label")} className="on-dark relative size-full bg-canvas">
      <div ref={frame} className="absolute inset-0 overflow-hidden" />
      <div
        className={scrolls ? "absolute inset-0 overflow-y-auto overscroll-contain" : "absolute inset-0 overflow-hidden"}
        onScroll={(event) => followScroll(event.currentTarget)}
      >
        {scrolls && <div style={{ height: shownTiles }} />}
        {planned.map(({ cell, cameraId, tileId, rect }) => (
          <TileOverlay
            key={cell}
            cell={cell}
            cameraId={cameraId}
            tileId={tileId}
            x={rect.x / ratio}
            y={rect.y / ratio}
            width={rect.width / ratio}
            height={rect.height / ratio}
            view={tileId === undefined ? undefined : views[tileId]}
            large={state.large === cell}
            scrolls={scrolls}
            bare={bare}
            onView={onView}
          />
        ))}
      </div>
    </section>
  );
}

/** Zoom windows by tile; a whole picture needs no entry. */
export function withView(
  views: Readonly<Record<string, View>>,
  tileId: string,
  view: View,
): Readonly<Record<string, View>> {
  const { [tileId]: _before, ...others } = views;
  return isZoomed(view) ? { ...others, [tileId]: view } : others;
}
