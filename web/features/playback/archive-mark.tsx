import { History } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocalTime } from "./use-local-time.ts";

/** That this picture is not live, and from when it is: in words and shape, not by colour alone. */
export function ArchiveMark({ captureMicros }: { readonly captureMicros: number | undefined }): ReactNode {
  const { t } = useTranslation();
  const { text } = useLocalTime();
  const stamp = captureMicros === undefined ? undefined : `${text.date(captureMicros)} ${text.time(captureMicros)}`;
  return (
    <span
      title={captureMicros === undefined ? undefined : text.utc(captureMicros)}
      className="nums mb-0.5 inline-flex shrink-0 items-center gap-1 rounded-sm bg-warn px-1 font-medium text-2xs text-black"
    >
      <History className="size-3" aria-hidden="true" />
      <span className="uppercase @max-[300px]:sr-only">{t("playback.archive")}</span>
      {captureMicros !== undefined && (
        <>
          <span className="@max-[420px]:hidden">{stamp}</span>
          <span className="@max-[120px]:sr-only @min-[420px]:hidden">{text.time(captureMicros)}</span>
        </>
      )}
    </span>
  );
}

/** A dashed frame: seen from across the room, on any picture. */
export function ArchiveFrame(): ReactNode {
  return (
    <div aria-hidden="true" className="pointer-events-none absolute inset-0 border-2 border-warn/80 border-dashed" />
  );
}
