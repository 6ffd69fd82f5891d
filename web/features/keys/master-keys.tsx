import { useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { KeyInventory } from "../../../shared/api/keys.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { cn } from "../../ui/cn.ts";
import { Select } from "../../ui/field.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { useInstantText } from "../audit/use-instant-text.ts";
import { KEYS_KEY } from "./keys-query.ts";

const DAYS = [30, 90, 180, 365, 730];

interface Props {
  readonly inventory: KeyInventory;
}

export function MasterKeyTable({ inventory: { masterKeys } }: Props): ReactNode {
  const { t } = useTranslation();
  const when = useInstantText();
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("keys.number")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("keys.made")}</th>
          <th className={headClass}>{t("keys.state")}</th>
          <th className={cn(headClass, "text-right")}>{t("keys.videoKeys")}</th>
          <th className={cn(headClass, "text-right")}>{t("keys.fields")}</th>
        </tr>
      </thead>
      <tbody>
        {masterKeys.toReversed().map(({ id, current, createdAt, retiredAt, videoKeys, fields }) => (
          <tr key={id} className={cn(!current && "text-fg-muted")}>
            <td className={cn(cellClass, "nums")}>{id}</td>
            <td className={cn(cellClass, "nums max-sm:hidden")}>{when(createdAt)}</td>
            <td className={cellClass}>
              {current
                ? t("keys.states.current")
                : retiredAt === null
                  ? t("keys.states.old")
                  : t("keys.states.retired", { when: when(retiredAt) })}
            </td>
            <td className={cn(cellClass, "nums text-right")}>{videoKeys}</td>
            <td className={cn(cellClass, "nums text-right")}>{fields}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How far a renewal is, and when the next one is due. */
export function RotationBar({ inventory: { rotation } }: Props): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const when = useInstantText();
  const { running, done, total, failed, days, nextAt } = rotation;
  const choices = [...new Set([...DAYS, days])].sort((a, b) => a - b);
  const schedule = async (wanted: number): Promise<void> => {
    try {
      queries.setQueryData(KEYS_KEY, await api.setKeySchedule(wanted));
      toast.success(t("keys.scheduleSaved"));
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };
  return (
    <div className="mt-3 flex flex-col gap-2 text-sm">
      {running && (
        <div role="status" className="flex flex-col gap-1">
          <span className="nums">{t("keys.rotating", { done, total })}</span>
          <progress className="h-1.5 w-full" max={Math.max(1, total)} value={done} />
        </div>
      )}
      {failed !== null && (
        <p role="alert" className="flex items-start gap-2 rounded-md bg-danger-soft px-3 py-2">
          <TriangleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden="true" />
          {t("keys.rotationFailed", { reason: failed })}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <label className="flex items-center gap-2">
          {t("keys.schedule")}
          <Select className="w-32" value={days} onChange={(event) => void schedule(Number(event.target.value))}>
            {choices.map((number) => (
              <option key={number} value={number}>
                {t("keys.days", { number })}
              </option>
            ))}
          </Select>
        </label>
        <span className="nums text-fg-muted text-xs">{t("keys.next", { when: when(nextAt) })}</span>
      </div>
    </div>
  );
}
