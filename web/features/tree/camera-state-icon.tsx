import { Ban, Cctv, LoaderCircle, Lock, TriangleAlert, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CameraState } from "../../../shared/wire/control-messages.ts";
import { cn } from "../../ui/cn.ts";

/** Shape and colour both tell the state; a healthy camera stays quiet. */
const looks: Readonly<Record<CameraState, { icon: typeof Ban; colour: string; spins?: boolean }>> = {
  online: { icon: Cctv, colour: "text-fg-soft" },
  degraded: { icon: TriangleAlert, colour: "text-warn" },
  connecting: { icon: LoaderCircle, colour: "text-fg-muted", spins: true },
  offline: { icon: Unplug, colour: "text-danger" },
  unauthorised: { icon: Lock, colour: "text-warn" },
  disabled: { icon: Ban, colour: "text-fg-muted" },
};

export function CameraStateIcon({
  state,
  detail,
}: {
  readonly state: CameraState;
  readonly detail?: string | null;
}): ReactNode {
  const { t } = useTranslation();
  const { icon: Icon, colour, spins } = looks[state];
  const label = t(`cameraState.${state}`);
  return (
    <span
      role="img"
      aria-label={label}
      title={detail ? `${label}: ${detail}` : label}
      className="grid shrink-0 place-items-center"
    >
      <Icon aria-hidden="true" className={cn("size-4 coarse:size-5", colour, spins && "animate-spin")} />
    </span>
  );
}
