import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { VolumeUsage } from "../../../shared/api/storage-usage.ts";
import { cn } from "../../ui/cn.ts";
import { byteText } from "../recording/byte-text.ts";

interface Part {
  readonly key: "locked" | "recordings" | "others" | "reserve";
  readonly bytes: number;
  readonly className: string;
}

const stripes = "bg-[repeating-linear-gradient(45deg,var(--color-line-strong)_0_3px,transparent_3px_6px)]";

/** What a volume's bytes are: held by locks, recordings, others' files, free, and the reserve at the end. */
export function FillBar(props: { readonly volume: StorageVolume; readonly usage: VolumeUsage | undefined }): ReactNode {
  const { volume, usage } = props;
  const { t } = useTranslation();
  const { totalBytes, freeBytes, usedBytes, reserveBytes } = volume;
  const locked = Math.min(usedBytes, usage?.lockedBytes ?? 0);
  if (totalBytes === null || freeBytes === null) {
    return (
      <p className="nums text-fg-soft text-xs">
        {t("storage.parts.recordings")}: {byteText(usedBytes)}
        {locked > 0 && ` · ${t("storage.parts.locked")}: ${byteText(locked)}`}
      </p>
    );
  }
  const others = Math.max(0, totalBytes - freeBytes - usedBytes);
  const reserve = Math.min(freeBytes, reserveBytes);
  const parts: readonly Part[] = [
    { key: "locked", bytes: locked, className: "bg-warn" },
    { key: "recordings", bytes: usedBytes - locked, className: "bg-accent-strong" },
    { key: "others", bytes: others, className: "bg-fg-muted/60" },
  ];
  const share = (bytes: number): string => `${(bytes / totalBytes) * 100}%`;
  return (
    <div>
      <div
        role="img"
        aria-label={t("storage.freeOf", { free: byteText(freeBytes), total: byteText(totalBytes) })}
        className="relative flex h-3 overflow-hidden rounded-sm bg-ground"
      >
        {parts.map((part) => (
          <div key={part.key} className={part.className} style={{ width: share(part.bytes) }} />
        ))}
        <div className={cn("absolute inset-y-0 right-0", stripes)} style={{ width: share(reserve) }} />
      </div>
      <ul className="nums mt-1 flex flex-wrap gap-x-4 gap-y-0.5 text-fg-soft text-xs">
        {[...parts, { key: "reserve" as const, bytes: reserve, className: stripes }].map((part) => (
          <li key={part.key} className="flex items-center gap-1.5">
            <span className={cn("size-2.5 rounded-xs border border-line-strong", part.className)} aria-hidden="true" />
            {t(`storage.parts.${part.key}`)} {byteText(part.bytes)}
          </li>
        ))}
        <li>
          {t("storage.free")} {byteText(freeBytes)} / {byteText(totalBytes)}
        </li>
      </ul>
    </div>
  );
}
