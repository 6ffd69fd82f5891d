import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useEngineHost } from "../../app/services.ts";
import { cellOf } from "../live/layout-reducer.ts";
import { useWall } from "../live/wall-context.tsx";
import { parseLink } from "./deep-link.ts";

/** Opens the camera and the time that the address names, once; then the address is the wall's again. */
export function useTimeLink(): void {
  const { t, camera } = useSearch({ strict: false });
  const navigate = useNavigate();
  const engine = useEngineHost()?.engine;
  const { state, dispatch, setPrefs, camerasById } = useWall();
  const filled = state.cameraIds.length > 0;
  // The address changes a moment later: until then the same link must not be opened with each change that it makes.
  const opened = useRef<string | undefined>(undefined);
  useEffect(() => {
    const asked = t === undefined ? undefined : `${t} ${camera}`;
    if (asked !== undefined && (engine === undefined || !filled || asked === opened.current)) return;
    opened.current = asked;
    if (t === undefined || engine === undefined) return;
    const link = parseLink({ t, camera });
    void navigate({ to: "/", search: {}, replace: true });
    if (link === undefined) return;
    setPrefs({ timelineOpen: true });
    if (link.cameraId !== undefined && camerasById.has(link.cameraId)) {
      const place = cellOf(state, link.cameraId);
      if (place === undefined) dispatch({ type: "add", cameraId: link.cameraId });
      else {
        dispatch({ type: "activate", id: place.tabId });
        dispatch({ type: "large", cell: place.cell });
      }
    }
    engine.command({ kind: "seek", micros: link.micros });
  }, [t, camera, engine, filled, state, camerasById, dispatch, setPrefs, navigate]);
}
