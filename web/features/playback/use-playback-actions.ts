import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { queryKeys } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { linkTo } from "./deep-link.ts";
import { jumpFrom, jumpWindows } from "./jumps.ts";
import { usePlaybackContext } from "./playback-context.tsx";

export interface PlaybackActions {
  /** To the next or previous event, bookmark or gap of the selected camera; looks up to a quarter of a year far. */
  jump(direction: 1 | -1): void;
  copyLink(): void;
}

export function usePlaybackActions(): PlaybackActions {
  const { t } = useTranslation();
  const { api, clock } = useServices();
  const { controller, selected } = usePlaybackContext();
  const queries = useQueryClient();
  return useMemo(() => {
    const find = async (cameraId: string, direction: 1 | -1): Promise<number | undefined> => {
      const { micros } = controller.position();
      for (const range of jumpWindows(micros, direction, clock.utcMicros())) {
        const resolutionMicros = Math.max(1_000_000, Math.round((range.endMicros - range.startMicros) / 5000));
        const query = { cameraIds: [cameraId], ...range, resolutionMicros };
        const { cameras } = await queries.fetchQuery({
          queryKey: [...queryKeys.timeline, query],
          queryFn: ({ signal }) => api.timeline(query, signal),
          staleTime: 5_000,
        });
        const found = jumpFrom(cameras, micros, direction);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return {
      jump: (direction) => {
        if (selected === undefined) return;
        find(selected.cameraId, direction).then(
          (micros) => (micros === undefined ? toast.info(t("playback.noMore")) : controller.seek(micros)),
          (error: unknown) => toast.error(errorText(t, error)),
        );
      },
      copyLink: () => {
        const link = linkTo(location.origin, { micros: controller.position().micros, cameraId: selected?.cameraId });
        navigator.clipboard.writeText(link).then(
          () => toast.success(t("playback.linkCopied")),
          () => toast.error(t("errors.unexpected")),
        );
      },
    };
  }, [api, clock, controller, selected, queries, t]);
}
