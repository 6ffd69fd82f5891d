import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Layout } from "../../../shared/api/schemas.ts";
import { queryKeys } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { ALL_TAB, bodyOf, isDirty, type WallTab } from "./layout-reducer.ts";
import { useWall } from "./wall-context.tsx";

export interface LayoutActions {
  mayChange(tab: WallTab): boolean;
  /** Operators and administrators share. */
  readonly mayShare: boolean;
  title(tab: WallTab): string;
  create(from?: WallTab): void;
  /** Saves what is not saved yet; says so, or why not. */
  save(tab: WallTab): Promise<void>;
  /** Rejects when the server refuses. */
  remove(tab: WallTab): Promise<void>;
  share(tab: WallTab, shared: boolean): Promise<void>;
}

export function useLayoutActions(): LayoutActions {
  const { t } = useTranslation();
  const { api } = useServices();
  const user = useUser();
  const { state, dispatch } = useWall();
  const queries = useQueryClient();

  return useMemo(() => {
    const title = (tab: WallTab): string => (tab.id === ALL_TAB && tab.name === "" ? t("layouts.all") : tab.name);
    const mayChange = (tab: WallTab): boolean =>
      tab.ownerId === undefined || tab.ownerId === user.id || user.role === "admin";
    const freeName = (): string => {
      const taken = new Set(state.tabs.map((tab) => tab.name));
      let number = 1;
      while (taken.has(t("layouts.untitled", { number }))) number += 1;
      return t("layouts.untitled", { number });
    };
    const store = async (tab: WallTab): Promise<Layout> => {
      const known = new Set(state.cameraIds);
      // A camera that is gone, or that this user may no longer see, is not saved again.
      const cells = bodyOf(tab).cells.map((cameraId) => (cameraId !== null && known.has(cameraId) ? cameraId : null));
      // Two tabs called "All cameras" would tell nobody which one follows the camera list.
      const body = { ...bodyOf(tab), cells, name: tab.id === ALL_TAB ? freeName() : tab.name };
      const layout = tab.saved === undefined ? await api.createLayout(body) : await api.updateLayout(tab.id, body);
      dispatch({ type: "saved", id: tab.id, layout });
      await queries.invalidateQueries({ queryKey: queryKeys.layouts });
      return layout;
    };
    return {
      title,
      mayChange,
      mayShare: user.role !== "viewer",
      create: (from) =>
        dispatch({
          type: "new-tab",
          id: `new-${crypto.randomUUID()}`,
          name: from === undefined ? freeName() : t("layouts.copyOf", { name: title(from) }).slice(0, 100),
          ownerId: user.id,
          ...(from === undefined ? {} : { from }),
        }),
      save: async (tab) => {
        if (!isDirty(tab)) return;
        if (!mayChange(tab)) {
          toast.warning(t("layouts.notYours"));
          return;
        }
        try {
          const { name } = await store(tab);
          toast.success(t("layouts.saved", { name }));
        } catch (error) {
          toast.error(errorText(t, error));
        }
      },
      share: async (tab, shared) => {
        try {
          await store({ ...tab, shared });
        } catch (error) {
          toast.error(errorText(t, error));
        }
      },
      remove: async (tab) => {
        const index = state.tabs.findIndex((entry) => entry.id === tab.id);
        if (tab.saved !== undefined) await api.removeLayout(tab.id);
        dispatch({ type: "drop-tab", id: tab.id });
        await queries.invalidateQueries({ queryKey: queryKeys.layouts });
        toast(t("layouts.deleted", { name: title(tab) }), {
          action: {
            label: t("common.undo"),
            // Comes back as an unsaved layout: one click on save makes it whole again.
            onClick: () =>
              dispatch({
                type: "restore-tab",
                index,
                tab: { ...tab, id: `new-${crypto.randomUUID()}`, saved: undefined },
              }),
          },
        });
      },
    };
  }, [t, api, user, state.tabs, state.cameraIds, dispatch, queries]);
}
