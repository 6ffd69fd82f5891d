import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { linkTo } from "./deep-link.ts";
import type { JumpDirection } from "./jumps.ts";
import { usePlaybackContext } from "./playback-context.tsx";
import { useJumps } from "./use-jumps.ts";

export interface PlaybackActions {
  /** To the next or previous event, bookmark or gap of the selected camera. */
  jump(direction: JumpDirection): void;
  /** The way that is being looked for. */
  readonly jumping: JumpDirection | undefined;
  copyLink(): void;
}

export function usePlaybackActions(): PlaybackActions {
  const { t } = useTranslation();
  const { controller, selected } = usePlaybackContext();
  const { jump, jumping } = useJumps();
  const copyLink = (): void => {
    const link = linkTo(location.origin, { micros: controller.position().micros, cameraId: selected?.cameraId });
    navigator.clipboard.writeText(link).then(
      () => toast.success(t("playback.linkCopied")),
      () => toast.error(t("errors.unexpected")),
    );
  };
  return { jump, jumping, copyLink };
}
