import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useWall } from "../live/wall-context.tsx";

interface CameraChoiceProps {
  /** What the dialog was opened for: it stands on top, so that what is chosen is seen. */
  readonly first: string;
  readonly cameraIds: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Which cameras of the wall a range is taken of. */
export function CameraChoice({ first, cameraIds, chosen, onChange }: CameraChoiceProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { camerasById } = useWall();
  const order = new Intl.Collator(i18n.resolvedLanguage, { numeric: true });
  const name = (cameraId: string): string => camerasById.get(cameraId)?.name ?? t("tile.removedCamera");
  const others = [...new Set(cameraIds)]
    .filter((cameraId) => cameraId !== first)
    .sort((a, b) => order.compare(name(a), name(b)));
  const all = [first, ...others];
  const toggle = (cameraId: string): void =>
    onChange(chosen.includes(cameraId) ? chosen.filter((one) => one !== cameraId) : [...chosen, cameraId]);
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-fg-soft text-xs">{t("cases.cameras")}</legend>
      <div className="max-h-36 overflow-y-auto rounded-md border border-line px-2 py-1">
        {all.map((cameraId) => (
          <label key={cameraId} className="flex items-center gap-2 py-1 text-sm coarse:min-h-11">
            <input
              type="checkbox"
              className="size-4 shrink-0 accent-accent"
              checked={chosen.includes(cameraId)}
              onChange={() => toggle(cameraId)}
            />
            <span className="truncate">{name(cameraId)}</span>
          </label>
        ))}
      </div>
      <p className="nums mt-1 text-fg-muted text-xs" aria-live="polite">
        {t("cases.chosen", { number: chosen.length, all: all.length })}
      </p>
    </fieldset>
  );
}
