import { Link } from "@tanstack/react-router";
import { Play } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useWall } from "../live/wall-context.tsx";
import { linkTime } from "../playback/deep-link.ts";
import { useLocalTime } from "../playback/use-local-time.ts";

export interface Footage {
  readonly cameraId: string;
  readonly startMicros: number;
  readonly endMicros: number;
}

/** The camera's name, also of one that is gone. */
export function CameraName({ cameraId }: { readonly cameraId: string }): ReactNode {
  const { t } = useTranslation();
  const { camerasById } = useWall();
  return camerasById.get(cameraId)?.name ?? <span className="text-fg-muted">{t("tile.removedCamera")}</span>;
}

/** "20 Nov 2026 14:05:09 – 14:10:00 · 4 min 51 s", in UTC on hover. */
export function RangeText({ startMicros, endMicros }: Omit<Footage, "cameraId">): ReactNode {
  const { text } = useLocalTime();
  const sameDay = text.isoDate(startMicros) === text.isoDate(endMicros);
  return (
    <span className="nums" title={`${text.utc(startMicros)} – ${text.utc(endMicros)}`}>
      {text.date(startMicros)} {text.time(startMicros)}
      {endMicros > startMicros && (
        <>
          {" – "}
          {!sameDay && `${text.date(endMicros)} `}
          {text.time(endMicros)}
          <span className="ml-2 text-fg-muted">{text.duration(endMicros - startMicros)}</span>
        </>
      )}
    </span>
  );
}

/** Opens playback at the camera and the time. */
export function PlayLink({ footage, label }: { readonly footage: Footage; readonly label?: string }): ReactNode {
  const { t } = useTranslation();
  return (
    <Link
      to="/"
      search={{ t: linkTime(footage.startMicros), camera: footage.cameraId }}
      aria-label={label ?? t("cases.play")}
      title={t("cases.play")}
      className="grid size-7 shrink-0 place-items-center rounded-md text-fg-soft hover:bg-hover hover:text-fg coarse:size-10 [&_svg]:size-4"
    >
      <Play aria-hidden="true" />
    </Link>
  );
}
