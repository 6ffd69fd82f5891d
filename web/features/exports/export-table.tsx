import { useQueryClient } from "@tanstack/react-query";
import { Download, Trash2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { ExportJob } from "../../../shared/api/recording.ts";
import { codeText, errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { ProgressBar } from "../../ui/progress-bar.tsx";
import { byteText } from "../recording/byte-text.ts";
import { EXPORTS_KEY, isUnderWay } from "./use-exports.ts";

/** Packages with their progress: to be taken, cancelled or removed. */
export function ExportTable({ jobs }: { readonly jobs: readonly ExportJob[] }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState<ExportJob>();

  const cancel = async (job: ExportJob): Promise<void> => {
    try {
      await api.removeExport(job.id);
      await queries.invalidateQueries({ queryKey: EXPORTS_KEY });
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };
  const download = async (job: ExportJob): Promise<void> => {
    try {
      const { url } = await api.exportLink(job.id);
      const link = document.createElement("a");
      link.href = url;
      link.download = job.fileName ?? "export.zip";
      link.click();
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };

  return (
    <>
      <table className={tableClass}>
        <thead>
          <tr>
            <th className={headClass}>{t("exports.title")}</th>
            <th className={cn(headClass, "max-md:hidden")}>{t("exports.format")}</th>
            <th className={headClass}>{t("exports.state")}</th>
            <th className={cn(headClass, "text-right max-md:hidden")}>{t("exports.size")}</th>
            <th className={cn(headClass, "max-lg:hidden")}>{t("exports.by")}</th>
            <th className={headClass}>
              <span className="sr-only">{t("common.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <ExportRow
              key={job.id}
              job={job}
              onDownload={() => void download(job)}
              onRemove={() => (isUnderWay(job) ? void cancel(job) : setRemoving(job))}
            />
          ))}
        </tbody>
      </table>
      {removing !== undefined && (
        <Confirm
          title={t("exports.removeTitle")}
          lead={t("exports.removeLead", { title: removing.title })}
          action={t("common.remove")}
          describeFailure={(error) => errorText(t, error)}
          onConfirm={async () => {
            await api.removeExport(removing.id);
            await queries.invalidateQueries({ queryKey: EXPORTS_KEY });
          }}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </>
  );
}

interface ExportRowProps {
  readonly job: ExportJob;
  readonly onDownload: () => void;
  readonly onRemove: () => void;
}

function ExportRow({ job, onDownload, onRemove }: ExportRowProps): ReactNode {
  const { t, i18n } = useTranslation();
  const date = new Intl.DateTimeFormat(i18n.resolvedLanguage, { dateStyle: "medium" });
  const under = isUnderWay(job);
  const percent = Math.round(job.progress * 100);
  return (
    <tr className="hover:bg-panel">
      <td className={cn(cellClass, "font-medium [overflow-wrap:anywhere]")}>{job.title}</td>
      <td className={cn(cellClass, "text-fg-soft max-md:hidden")}>{t(`exports.formats.${job.format}`)}</td>
      <td className={cellClass}>
        {job.state === "running" ? (
          <span className="flex items-center gap-2">
            <ProgressBar className="w-28 max-sm:w-20" max={100} value={percent} aria-label={job.title} />
            <span className="nums whitespace-nowrap text-fg-soft text-xs">{percent} %</span>
          </span>
        ) : (
          <span className={cn(job.state === "failed" && "text-danger", job.state === "done" && "text-ok")}>
            {t(`exports.states.${job.state}`)}
            {job.queuePosition !== null && ` (${job.queuePosition})`}
          </span>
        )}
        {job.errorMessage !== null && (
          <span className="block text-fg-muted text-xs">{codeText(t, job.errorCode ?? "") ?? job.errorMessage}</span>
        )}
        {job.state === "done" && job.expiresAt !== null && (
          <span className="nums block text-fg-muted text-xs">
            {t("exports.keptUntil", { date: date.format(Date.parse(job.expiresAt)) })}
          </span>
        )}
      </td>
      <td className={cn(cellClass, "nums whitespace-nowrap text-right text-fg-soft max-md:hidden")}>
        {job.bytes === null ? "–" : byteText(job.bytes)}
      </td>
      <td className={cn(cellClass, "text-fg-soft max-lg:hidden")}>{job.createdByName}</td>
      <td className={cn(cellClass, "w-px whitespace-nowrap py-0.5 text-right")}>
        {job.state === "done" && (
          <Button size="sm" variant="ghost" onClick={onDownload}>
            <Download aria-hidden="true" />
            <span className="max-sm:sr-only">{t("exports.download")}</span>
          </Button>
        )}
        <Button
          size="sm"
          variant="ghost"
          onClick={onRemove}
          aria-label={`${under ? t("common.cancel") : t("common.remove")}: ${job.title}`}
        >
          {under ? <X aria-hidden="true" /> : <Trash2 aria-hidden="true" />}
        </Button>
      </td>
    </tr>
  );
}
