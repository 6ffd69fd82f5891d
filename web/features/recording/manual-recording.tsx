import { useQueryClient } from "@tanstack/react-query";
import { Circle, CircleStop } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { MenuItem } from "../../ui/menu.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { recordingKeys, useRecordingStates } from "./use-recording.ts";

const HALF_HOUR_SECONDS = 30 * 60;

/** In a camera's menu: record now for half an hour, or end that. Nothing for who may not. */
export function ManualRecordingItem({ cameraId }: { readonly cameraId: string }): ReactNode {
  const { t } = useTranslation();
  const may = useCan();
  const { api } = useServices();
  const { text } = useLocalTime();
  const queries = useQueryClient();
  const states = useRecordingStates(may("recording.trigger"));
  const state = states.data?.cameras.find((one) => one.cameraId === cameraId);
  if (!may("recording.trigger") || state === undefined) return null;
  const manual = state.cause === "manual";
  const set = async (on: boolean): Promise<void> => {
    try {
      const { untilMicros } = await api.recordManually(cameraId, on, on ? HALF_HOUR_SECONDS : undefined);
      await queries.invalidateQueries({ queryKey: recordingKeys.states });
      toast.success(
        on && untilMicros !== null
          ? t("recording.manual.started", { until: text.time(untilMicros) })
          : t("recording.manual.stopped"),
      );
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };
  return manual ? (
    <MenuItem icon={<CircleStop />} onSelect={() => void set(false)}>
      {t("recording.manual.stop")}
    </MenuItem>
  ) : (
    <MenuItem icon={<Circle className="fill-record stroke-record" />} onSelect={() => void set(true)}>
      {t("recording.manual.start")}
    </MenuItem>
  );
}
