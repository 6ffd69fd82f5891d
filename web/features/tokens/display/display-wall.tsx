import { DndContext } from "@dnd-kit/core";
import { useQueryClient } from "@tanstack/react-query";
import { LayoutDashboard } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { millis } from "../../../../shared/lib/time.ts";
import { queryKeys } from "../../../api/queries.ts";
import { useServices } from "../../../app/services.ts";
import { EmptyState } from "../../../ui/states.tsx";
import { CameraDialogs } from "../../cameras/camera-dialogs.tsx";
import { ConnectionBanner } from "../../live/connection-banner.tsx";
import { Wall } from "../../live/wall.tsx";
import { useWall } from "../../live/wall-context.tsx";

/** Another layout, or another state of it, shows within this time. */
const LAYOUT_EVERY_MS = millis(5_000);
const noViews = {};

/** The display's layout. Nothing in it takes a click, a touch or a key. */
export function DisplayWall({ name }: { readonly name: string }): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const queries = useQueryClient();
  const { state, dispatch, layouts } = useWall();
  const bound = layouts.data?.[0]?.id;
  useEffect(() => {
    const timer = clock.every(LAYOUT_EVERY_MS, () => {
      void queries.invalidateQueries({ queryKey: queryKeys.layouts });
    });
    return () => timer.cancel();
  }, [clock, queries]);
  const known = bound !== undefined && state.tabs.some(({ id }) => id === bound);
  const ready = known && state.activeId === bound;
  useEffect(() => {
    if (known && !ready) dispatch({ type: "activate", id: bound });
  }, [known, ready, bound, dispatch]);
  return (
    <main aria-label={name} className="on-dark relative h-full cursor-none bg-canvas">
      {ready ? (
        <div inert className="size-full">
          <CameraDialogs>
            <DndContext>
              <Wall column={false} bare views={noViews} onView={() => undefined} />
            </DndContext>
          </CameraDialogs>
        </div>
      ) : (
        layouts.data?.length === 0 && (
          <div className="grid size-full place-items-center">
            <EmptyState icon={<LayoutDashboard />} title={t("displays.unbound")} lead={t("displays.unboundLead")} />
          </div>
        )
      )}
      <ConnectionBanner />
    </main>
  );
}
