import {
  Ban,
  CameraOff,
  CircleAlert,
  FileLock,
  FileWarning,
  History,
  Hourglass,
  KeyRound,
  LoaderCircle,
  Lock,
  MonitorX,
  Pause,
  ServerOff,
  ShieldAlert,
  Snowflake,
  Unplug,
} from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Camera } from "../../../shared/api/schemas.ts";
import type { TileReason, TileStats } from "../../engine/worker-protocol.ts";
import { cn } from "../../ui/cn.ts";

type Tone = "calm" | "warn" | "bad";

const looks: Readonly<Record<TileReason, { icon: typeof Ban; tone: Tone; spins?: boolean }>> = {
  connecting: { icon: LoaderCircle, tone: "calm", spins: true },
  "waiting-keyframe": { icon: Hourglass, tone: "calm" },
  "no-key": { icon: KeyRound, tone: "warn" },
  denied: { icon: ShieldAlert, tone: "warn" },
  "camera-offline": { icon: Unplug, tone: "bad" },
  "camera-unauthorised": { icon: Lock, tone: "warn" },
  "camera-disabled": { icon: Ban, tone: "calm" },
  "codec-unsupported": { icon: MonitorX, tone: "warn" },
  "decode-failed": { icon: FileWarning, tone: "bad" },
  "no-pictures": { icon: CircleAlert, tone: "bad" },
  "server-unreachable": { icon: ServerOff, tone: "bad" },
  "no-renderer": { icon: MonitorX, tone: "bad" },
  "no-footage": { icon: History, tone: "calm" },
  "key-revoked": { icon: FileLock, tone: "warn" },
  paused: { icon: Pause, tone: "calm" },
};

const tones: Readonly<Record<Tone, string>> = { calm: "text-fg-muted", warn: "text-warn", bad: "text-danger" };

interface TileReasonProps {
  readonly stats: TileStats | undefined;
  /** The layout names a camera that is not in the list any more. */
  readonly gone: boolean;
  readonly camera: Camera | undefined;
}

/** A tile is never black without a word. A frozen picture stays visible under a scrim; otherwise the reason fills the tile. */
export function TileReasonView({ stats, gone, camera }: TileReasonProps): ReactNode {
  const { t } = useTranslation();
  if (gone) return <Reason icon={CameraOff} tone="warn" text={t("tile.removedCamera")} />;
  if (stats?.state === "live") return null;
  const reason = stats?.reason ?? (stats === undefined || stats.state === "waiting" ? "connecting" : undefined);
  if (stats?.state === "stalled") {
    const text = reason === undefined ? t("tile.stalled") : t(`tile.reason.${reason}`);
    return (
      <Reason
        icon={reason === undefined ? Snowflake : looks[reason].icon}
        tone="warn"
        text={text}
        detail={stats.detail}
        overPicture
      />
    );
  }
  const look = looks[reason ?? "no-pictures"];
  // For a camera in trouble the list knows more than the live line says, if the user may know it.
  const fromCamera = reason?.startsWith("camera-") === true;
  const detail = fromCamera ? (reason === "camera-offline" ? camera?.status.lastError : undefined) : stats?.detail;
  return <Reason {...look} text={t(`tile.reason.${reason ?? "no-pictures"}`)} detail={detail} />;
}

interface ReasonProps {
  readonly icon: typeof Ban;
  readonly tone: Tone;
  readonly spins?: boolean;
  readonly text: string;
  readonly detail?: string | null | undefined;
  readonly overPicture?: boolean;
}

function Reason({ icon: Icon, tone, spins = false, text, detail, overPicture = false }: ReasonProps): ReactNode {
  return (
    <div
      role="status"
      title={detail ?? text}
      className={cn(
        "absolute inset-0 flex flex-col items-center justify-center gap-1.5 p-2 pb-6 text-center",
        overPicture ? "bg-black/55" : "bg-panel",
      )}
    >
      <Icon
        aria-hidden="true"
        className={cn("size-6 stroke-[1.5] @max-[180px]:size-4", tones[tone], spins && "animate-spin")}
      />
      <span className="line-clamp-2 max-w-full text-fg-soft text-xs @max-[110px]:sr-only">{text}</span>
      {detail && (
        <span className="line-clamp-2 max-w-full text-2xs text-fg-muted [overflow-wrap:anywhere] @max-[260px]:hidden">
          {detail}
        </span>
      )}
    </div>
  );
}
