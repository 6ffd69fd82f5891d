import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "../../ui/cn.ts";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { byteText } from "./byte-text.ts";
import { ASSUMED_EVENT_SHARE, type Estimate } from "./estimate.ts";

const MOST_ROWS = 200;

/** What the settings, as they stand in the editor, will take. */
export function EstimatePanel({ estimate }: { readonly estimate: Estimate }): ReactNode {
  const { t, i18n } = useTranslation();
  const { bytesPerDay, neededBytes, capacityBytes, daysThatFit, cameras, unknown, assumed } = estimate;
  const short = estimate.short && daysThatFit !== undefined;
  const longest = Math.max(0, ...cameras.map(({ retentionDays }) => retentionDays));
  const kept = Math.min(
    ...cameras.filter(({ keptDays, retentionDays }) => keptDays < retentionDays).map((one) => one.keptDays),
  );
  const days = new Intl.NumberFormat(i18n.resolvedLanguage, { maximumFractionDigits: 1 });
  return (
    <section aria-label={t("recording.estimate.title")} className="rounded-lg border border-line bg-panel px-4 py-3">
      <h2 className="font-semibold text-base">{t("recording.estimate.title")}</h2>
      <dl className="mt-2 grid grid-cols-2 gap-x-4 gap-y-2 sm:grid-cols-4">
        <Figure label={t("recording.estimate.perDay")} value={byteText(bytesPerDay)} />
        <Figure label={t("recording.estimate.needed", { count: longest })} value={byteText(neededBytes)} />
        <Figure
          label={t("recording.estimate.room")}
          value={capacityBytes === undefined ? "–" : byteText(capacityBytes)}
        />
        <Figure
          label={t("recording.estimate.fit")}
          value={daysThatFit === undefined ? "–" : days.format(daysThatFit)}
          warn={short}
        />
      </dl>
      {short && (
        <p role="status" className="mt-2 flex items-start gap-2 text-warn text-xs">
          <TriangleAlert className="mt-px size-4 shrink-0" aria-hidden="true" />
          {t("recording.estimate.short", { fit: days.format(daysThatFit), wanted: longest })}
        </p>
      )}
      {Number.isFinite(kept) && (
        <p role="status" className="mt-2 flex items-start gap-2 text-warn text-xs">
          <TriangleAlert className="mt-px size-4 shrink-0" aria-hidden="true" />
          {t("recording.estimate.limited", { kept: days.format(kept), wanted: longest })}
        </p>
      )}
      <p className="mt-2 text-fg-muted text-xs">
        {t("recording.estimate.basis")}
        {unknown > 0 && ` ${t("recording.estimate.unknown", { count: unknown })}`}
        {assumed && ` ${t("recording.estimate.assumed", { percent: ASSUMED_EVENT_SHARE * 100 })}`}
      </p>
      {cameras.length > 0 && (
        <details className="mt-2">
          <summary className="cursor-pointer py-1 text-fg-soft text-xs coarse:py-3">
            {t("recording.estimate.byCamera")}
          </summary>
          <div className="max-h-72 overflow-auto">
            <table className={tableClass}>
              <thead>
                <tr>
                  <th className={headClass}>{t("common.name")}</th>
                  <th className={cn(headClass, "text-right")}>kbit/s</th>
                  <th className={cn(headClass, "text-right")}>{t("recording.estimate.perDay")}</th>
                  <th className={cn(headClass, "text-right")}>{t("recording.estimate.days")}</th>
                  <th className={cn(headClass, "text-right")}>{t("recording.estimate.total")}</th>
                </tr>
              </thead>
              <tbody>
                {cameras.slice(0, MOST_ROWS).map((one) => (
                  <tr key={one.camera.id}>
                    <td className={cn(cellClass, "[overflow-wrap:anywhere]")}>{one.camera.name}</td>
                    <td className={cn(cellClass, "nums text-right")}>
                      {one.kbps === undefined ? "–" : Math.round(one.kbps)}
                    </td>
                    <td className={cn(cellClass, "nums whitespace-nowrap text-right")}>
                      {one.bytesPerDay === undefined ? "–" : byteText(one.bytesPerDay)}
                    </td>
                    <td className={cn(cellClass, "nums text-right")}>{days.format(one.keptDays)}</td>
                    <td className={cn(cellClass, "nums whitespace-nowrap text-right")}>
                      {one.neededBytes === undefined ? "–" : byteText(one.neededBytes)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </section>
  );
}

function Figure(props: { readonly label: string; readonly value: string; readonly warn?: boolean }): ReactNode {
  return (
    <div>
      <dt className="text-fg-muted text-xs">{props.label}</dt>
      <dd className={cn("nums font-semibold text-lg", props.warn && "text-warn")}>{props.value}</dd>
    </div>
  );
}
