import type { UseQueryResult } from "@tanstack/react-query";
import {
  createContext,
  type Dispatch,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useReducer,
  useState,
} from "react";
import type { Camera, Layout } from "../../../shared/api/schemas.ts";
import { useCameras, useLayouts } from "../../api/queries.ts";
import { useServices, useUser } from "../../app/services.ts";
import { inTreeOrder } from "../tree/build-tree.ts";
import { loadDrafts, storeDrafts } from "./layout-drafts.ts";
import { type WallAction, type WallState, wallReducer } from "./layout-reducer.ts";
import { loadPrefs, storePrefs, type UiPrefs } from "./ui-prefs.ts";

interface WallValue {
  readonly state: WallState;
  readonly dispatch: Dispatch<WallAction>;
  readonly prefs: UiPrefs;
  readonly setPrefs: (change: Partial<UiPrefs>) => void;
  /** Sound is wanted. Not kept: nobody is to be heard by surprise. */
  readonly sound: boolean;
  readonly setSound: (on: boolean) => void;
  readonly cameras: UseQueryResult<Camera[]>;
  readonly camerasById: ReadonlyMap<string, Camera>;
  readonly layouts: UseQueryResult<Layout[]>;
}

const WallContext = createContext<WallValue | undefined>(undefined);

export function useWall(): WallValue {
  const value = useContext(WallContext);
  if (value === undefined) throw new Error("WallProvider is missing");
  return value;
}

const none: readonly Camera[] = [];

/** Tabs, selection and the browser's preferences; above the pages, so that leaving the wall and coming back keeps them. */
export function WallProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const { api } = useServices();
  const user = useUser();
  const [state, dispatch] = useReducer(wallReducer, user.id, (id) => loadDrafts(localStorage, id));
  const [prefs, setAllPrefs] = useState(() => loadPrefs(localStorage));
  const [sound, setSound] = useState(false);
  const cameras = useCameras(api);
  const layouts = useLayouts(api);
  const list = cameras.data ?? none;

  const camerasById = useMemo(() => new Map(list.map((camera) => [camera.id, camera])), [list]);
  // The list is fetched every few seconds; the wall changes only when the cameras do.
  const order = useMemo(
    () =>
      inTreeOrder(list)
        .map((camera) => camera.id)
        .join(" "),
    [list],
  );
  useEffect(() => {
    dispatch({ type: "cameras", cameraIds: order === "" ? [] : order.split(" ") });
  }, [order]);
  useEffect(() => {
    if (layouts.data !== undefined) dispatch({ type: "layouts", layouts: layouts.data });
  }, [layouts.data]);
  useEffect(() => storeDrafts(localStorage, user.id, state), [user.id, state]);
  useEffect(() => storePrefs(localStorage, prefs), [prefs]);

  const setPrefs = useCallback((change: Partial<UiPrefs>) => setAllPrefs((before) => ({ ...before, ...change })), []);
  const value = useMemo(
    () => ({ state, dispatch, prefs, setPrefs, sound, setSound, cameras, camerasById, layouts }),
    [state, prefs, setPrefs, sound, cameras, camerasById, layouts],
  );
  return <WallContext value={value}>{children}</WallContext>;
}
