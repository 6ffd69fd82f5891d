import { PackageOpen } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { ExportTable } from "./export-table.tsx";
import { useExportKey, useExports } from "./use-exports.ts";

/** Packages of footage: asked for, under way, ready to be taken. */
export function ExportsPage(): ReactNode {
  const { t } = useTranslation();
  const exports = useExports();
  const key = useExportKey();

  return (
    <Page title={t("exports.page")} lead={t("exports.lead")}>
      {key.data !== undefined && (
        <p className="mb-3 text-fg-muted text-xs">
          {t("exports.fingerprint")}{" "}
          <code className="select-all text-fg-soft [overflow-wrap:anywhere]">{key.data.fingerprint}</code>
        </p>
      )}
      {exports.isPending ? (
        <SkeletonRows count={4} />
      ) : exports.isError && exports.data === undefined ? (
        <FailureState title={t("exports.failed")} onRetry={() => void exports.refetch()} />
      ) : exports.data.length === 0 ? (
        <EmptyState icon={<PackageOpen />} title={t("exports.empty")} lead={t("exports.emptyLead")} />
      ) : (
        <ExportTable jobs={exports.data} />
      )}
    </Page>
  );
}
