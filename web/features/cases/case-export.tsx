import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { EvidenceCase } from "../../../shared/api/recording.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { ExportFields, ExportTitle, useExportForm } from "../exports/export-fields.tsx";
import { ExportTable } from "../exports/export-table.tsx";
import { EXPORTS_KEY, useExportKey, useExports } from "../exports/use-exports.ts";

/** What one package may hold. */
const MOST_RANGES = 100;

/** Every range of the case in one package with one manifest. */
export function CaseExportDialog(props: { readonly one: EvidenceCase; readonly onClose: () => void }): ReactNode {
  const { one, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const wanted = useExportForm(one.reference === "" ? one.title : `${one.reference} ${one.title}`);
  const moments = one.items.filter(({ startMicros, endMicros }) => endMicros <= startMicros).length;
  const items = one.items.filter(({ startMicros, endMicros }) => endMicros > startMicros);
  const many = items.length > MOST_RANGES;
  const form = useSubmit(async () => {
    const ranges = items.map(({ cameraId, startMicros, endMicros, note }) => {
      return { cameraId, startMicros, endMicros, note };
    });
    await api.createExport({ ...wanted.body, caseId: one.id, items: ranges });
    await queries.invalidateQueries({ queryKey: EXPORTS_KEY });
    toast.success(t("exports.queued"));
    onClose();
  });
  return (
    <FormDialog
      form={form}
      title={t("cases.exportTitle")}
      description={t("cases.exportLead", { count: items.length })}
      action={t("exports.start")}
      ready={wanted.ready && !many && items.length > 0}
      onClose={onClose}
    >
      <ExportTitle form={wanted} />
      <ExportFields form={wanted} />
      {moments > 0 && <p className="text-warn text-xs">{t("cases.moments", { number: moments })}</p>}
      {many && (
        <p role="alert" className="text-danger text-sm">
          {t("cases.tooMany", { most: MOST_RANGES })}
        </p>
      )}
    </FormDialog>
  );
}

/** Packages made of a case, and how whoever gets one checks it. */
export function CaseExports({ caseId }: { readonly caseId: string }): ReactNode {
  const may = useCan();
  return may("archive.export") ? <Packages caseId={caseId} /> : null;
}

function Packages({ caseId }: { readonly caseId: string }): ReactNode {
  const { t } = useTranslation();
  const exports = useExports();
  const key = useExportKey();
  const jobs = (exports.data ?? []).filter((job) => job.caseId === caseId);
  if (jobs.length === 0) return null;
  return (
    <section aria-labelledby="case-exports" className="rounded-lg border border-line bg-panel p-4">
      <h2 id="case-exports" className="mb-2 font-semibold text-base">
        {t("cases.packages")}
      </h2>
      <div className="overflow-x-auto">
        <ExportTable jobs={jobs} />
      </div>
      {jobs.some(({ state }) => state === "done") && (
        <div className="mt-3 text-fg-muted text-xs">
          <p>{t("cases.verify")}</p>
          <p className="mt-1">
            <code className="select-all text-fg-soft [overflow-wrap:anywhere]">
              fluxvision verify {jobs[0]?.fileName ?? "package.zip"}
            </code>
          </p>
          {key.data !== undefined && (
            <p className="mt-1">
              {t("exports.fingerprint")}{" "}
              <code className="select-all text-fg-soft [overflow-wrap:anywhere]">{key.data.fingerprint}</code>
            </p>
          )}
        </div>
      )}
    </section>
  );
}
