import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AuditEntryBody } from "../../../shared/api/audit.ts";
import { cn } from "../../ui/cn.ts";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { aboutText, actionText } from "./audit-words.ts";
import { useInstantText } from "./use-instant-text.ts";
import type { Names } from "./value-text.ts";

interface Props {
  readonly entries: readonly AuditEntryBody[];
  readonly names: Names;
  readonly onOpen: (entry: AuditEntryBody) => void;
}

/** Rows, newest first. Those out of sight cost no layout. */
export function AuditTable({ entries, names, onOpen }: Props): ReactNode {
  const { t } = useTranslation();
  const when = useInstantText();
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("audit.columns.time")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("audit.columns.who")}</th>
          <th className={headClass}>{t("audit.columns.what")}</th>
          <th className={cn(headClass, "max-md:hidden")}>{t("audit.columns.about")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("audit.columns.outcome")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("audit.columns.from")}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr
            key={entry.seq}
            className="cursor-pointer hover:bg-hover [content-visibility:auto]"
            onClick={() => onOpen(entry)}
          >
            <td className={cn(cellClass, "nums text-fg-soft sm:whitespace-nowrap")}>{when(entry.at)}</td>
            <td className={cn(cellClass, "max-sm:hidden")}>{whoText(t("audit.server"), entry)}</td>
            <td className={cellClass}>
              <button
                type="button"
                className="text-left hover:underline coarse:min-h-10"
                onClick={(event) => {
                  event.stopPropagation();
                  onOpen(entry);
                }}
              >
                {actionText(t, entry.action)}
              </button>
              <Outcome entry={entry} className="lg:hidden" />
              <span className="block text-fg-muted text-xs [overflow-wrap:anywhere] md:hidden">
                <span className="sm:hidden">{whoText(t("audit.server"), entry)} </span>
                {aboutText(entry, names)}
              </span>
            </td>
            <td className={cn(cellClass, "max-w-72 truncate max-md:hidden")}>{aboutText(entry, names)}</td>
            <td className={cn(cellClass, "max-lg:hidden")}>
              <Outcome entry={entry} all />
            </td>
            <td className={cn(cellClass, "nums text-fg-muted max-lg:hidden")}>{entry.ip ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function whoText(server: string, { actorName, via, ip }: AuditEntryBody): string {
  return actorName ?? (via === "system" || ip === null ? server : "–");
}

interface OutcomeProps {
  readonly entry: AuditEntryBody;
  /** What went well is said too. */
  readonly all?: boolean;
  readonly className?: string;
}

export function Outcome({ entry: { outcome }, all = false, className }: OutcomeProps): ReactNode {
  const { t } = useTranslation();
  if (outcome === null || (outcome === "ok" && !all)) return null;
  const bad = outcome !== "ok";
  return (
    <span
      className={cn(
        "whitespace-nowrap rounded-sm px-1.5 py-0.5 text-2xs",
        !all && "ml-2",
        bad ? "bg-danger-soft text-fg" : "text-fg-muted",
        className,
      )}
    >
      {t(`audit.outcomes.${outcome}`)}
    </span>
  );
}
