import { useQueryClient } from "@tanstack/react-query";
import { Film, Lock, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { EvidenceCase, EvidenceLock } from "../../../shared/api/recording.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { CameraName, type Footage, PlayLink, RangeText } from "./footage-line.tsx";
import { RangeDialog } from "./range-dialog.tsx";
import { tookCase } from "./use-cases.ts";

interface CaseRangesProps {
  readonly one: EvidenceCase;
  readonly locks: readonly EvidenceLock[];
}

/** Footage of a case, each range a click away from playback. */
export function CaseRanges({ one, locks }: CaseRangesProps): ReactNode {
  const { t } = useTranslation();
  const { api, clock } = useServices();
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const closed = one.closedAt !== null;
  const now = clock.utcMicros() / 1000;
  const holding = locks.filter(
    ({ releasedAt, expiresAt }) => releasedAt === null && (expiresAt === null || Date.parse(expiresAt) > now),
  );
  const isHeld = ({ cameraId, startMicros, endMicros }: Footage): boolean =>
    holding.some(
      (lock) => lock.cameraId === cameraId && lock.startMicros <= startMicros && lock.endMicros >= endMicros,
    );

  const remove = async (item: EvidenceCase["items"][number]): Promise<void> => {
    try {
      await tookCase(queries, await api.removeCaseItem(one.id, item.id));
      const { id: _id, ...range } = item;
      toast.success(t("cases.rangeRemoved"), {
        action: {
          label: t("common.undo"),
          onClick: () =>
            void api
              .addCaseItems(one.id, [range])
              .then((changed) => tookCase(queries, changed))
              .catch((error: unknown) => toast.error(errorText(t, error))),
        },
      });
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };

  return (
    <section aria-labelledby="case-footage" className="rounded-lg border border-line bg-panel p-4">
      <div className="mb-2 flex items-center gap-2">
        <h2 id="case-footage" className="font-semibold text-base">
          {t("cases.footage")}
        </h2>
        <span className="nums text-fg-muted text-xs">{one.items.length}</span>
        {!closed && (
          <Button size="sm" className="ml-auto" onClick={() => setAdding(true)}>
            <Plus aria-hidden="true" />
            {t("cases.addRange")}
          </Button>
        )}
      </div>
      {one.items.length === 0 ? (
        <EmptyState icon={<Film />} title={t("cases.noRanges")} lead={t("cases.noRangesLead")} />
      ) : (
        <table className={tableClass}>
          <thead>
            <tr>
              <th className={headClass}>{t("cases.camera")}</th>
              <th className={cn(headClass, "max-sm:hidden")}>{t("cases.range")}</th>
              <th className={cn(headClass, "max-md:hidden")}>{t("cases.rangeNote")}</th>
              <th className={headClass}>
                <span className="sr-only">{t("common.actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {one.items.map((item) => (
              <tr key={item.id} className="hover:bg-raised">
                <td className={cn(cellClass, "[overflow-wrap:anywhere]")}>
                  <span className="flex items-center gap-1.5 font-medium">
                    <CameraName cameraId={item.cameraId} />
                    {isHeld(item) && (
                      <Lock role="img" className="size-3.5 shrink-0 text-warn" aria-label={t("cases.locks.held")} />
                    )}
                  </span>
                  <span className="block text-fg-soft text-xs sm:hidden">
                    <RangeText {...item} />
                  </span>
                  <span className="block text-fg-muted text-xs md:hidden">{item.note}</span>
                </td>
                <td className={cn(cellClass, "max-sm:hidden")}>
                  <RangeText {...item} />
                </td>
                <td className={cn(cellClass, "text-fg-soft [overflow-wrap:anywhere] max-md:hidden")}>
                  {item.note === "" ? "–" : item.note}
                </td>
                <td className={cn(cellClass, "w-px whitespace-nowrap py-0.5")}>
                  <span className="flex justify-end">
                    <PlayLink footage={item} />
                    {!closed && (
                      <IconButton label={t("cases.removeRange")} onClick={() => void remove(item)}>
                        <Trash2 aria-hidden="true" />
                      </IconButton>
                    )}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <RangeDialog caseId={one.id} onClose={() => setAdding(false)} />}
    </section>
  );
}
