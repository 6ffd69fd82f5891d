import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { TimelineMark } from "../../../shared/api/timeline-marks.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { type JumpDirection, jumpOrigin } from "./jumps.ts";
import { usePlaybackContext } from "./playback-context.tsx";

interface Jumps {
  /** To the next or previous event, bookmark or gap of the selected camera, however far. */
  jump(direction: JumpDirection): void;
  /** The way that is being looked for; until then no other is. */
  readonly jumping: JumpDirection | undefined;
}

export function useJumps(): Jumps {
  const { t } = useTranslation();
  const { api } = useServices();
  const { controller, selected } = usePlaybackContext();
  const cameraId = selected?.cameraId;
  const [jumping, setJumping] = useState<JumpDirection>();
  const asking = useRef<AbortController>(undefined);
  const last = useRef<TimelineMark>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is asked for another camera leads nowhere
  useEffect(() => () => asking.current?.abort(), [cameraId]);

  const jump = (direction: JumpDirection): void => {
    if (cameraId === undefined || asking.current !== undefined) return;
    const own = new AbortController();
    asking.current = own;
    setJumping(direction);
    const known = last.current?.cameraId === cameraId ? last.current : undefined;
    const fromMicros = Math.round(jumpOrigin(controller.position().micros, known, direction));
    api
      .nearestMark({ cameraIds: [cameraId], fromMicros, direction: direction === 1 ? "next" : "previous" }, own.signal)
      .then(
        ({ mark }) => {
          if (own.signal.aborted) return;
          if (mark === null) toast.info(t("playback.noMore"), { id: "no-more-marks" });
          else {
            last.current = mark;
            controller.seek(mark.startMicros);
          }
        },
        (error: unknown) => {
          if (!own.signal.aborted) toast.error(errorText(t, error));
        },
      )
      .finally(() => {
        asking.current = undefined;
        setJumping(undefined);
      });
  };
  return { jump, jumping };
}
