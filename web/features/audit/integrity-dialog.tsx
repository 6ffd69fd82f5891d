import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AuditFinding, AuditOverview, AuditVerification } from "../../../shared/api/audit.ts";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Select } from "../../ui/field.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";

const RETENTION_DAYS = [90, 180, 365, 730, 1095, 1825, 3650];

interface Props {
  readonly verification: AuditVerification;
  readonly onClose: () => void;
}

/** What was checked and found, the key that signs, and what to note elsewhere. */
export function IntegrityDialog({ verification: { report }, onClose }: Props): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const overview = useQuery({ queryKey: ["audit-overview"], queryFn: ({ signal }) => api.auditOverview(signal) });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("audit.verify.title")}
      description={report === null ? t("audit.verify.never") : undefined}
      className="max-w-2xl"
    >
      <div className="flex flex-col gap-4 text-sm">
        {report !== null && (
          <section className="flex flex-col gap-1">
            <p>
              {t("audit.verify.checked", {
                ...{ rows: report.rows, first: report.firstSeq ?? 0, last: report.lastSeq ?? 0 },
                ...{ checkpoints: report.checkpoints, signed: report.signedSeq },
              })}
            </p>
            {report.prunedSeq > 0 && <p>{t("audit.verify.pruned", { seq: report.prunedSeq })}</p>}
            {report.ok && <p className="font-medium">{t("audit.verify.nothingChanged")}</p>}
            {report.findings.length > 0 && <Findings findings={report.findings} more={report.more} />}
          </section>
        )}
        {overview.isPending ? (
          <SkeletonRows count={3} />
        ) : overview.isError ? (
          <FailureState title={errorText(t, overview.error)} onRetry={() => void overview.refetch()} />
        ) : (
          <Trust overview={overview.data} />
        )}
      </div>
    </Dialog>
  );
}

function Findings({
  findings,
  more,
}: {
  readonly findings: readonly AuditFinding[];
  readonly more: number;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <div>
      <h3 className="mb-1 font-medium">{t("audit.verify.findings")}</h3>
      <ul className="flex flex-col gap-1">
        {findings.map(({ kind, severity, seq, toSeq }) => {
          const many = toSeq !== undefined && toSeq !== seq;
          const rows = many ? t("audit.verify.rows", { from: seq, to: toSeq }) : t("audit.verify.row", { seq });
          return (
            <li key={`${kind} ${seq}`} className="flex items-baseline gap-2">
              <span
                className={cn(
                  "shrink-0 rounded-sm px-1.5 text-2xs",
                  severity === "fault" ? "bg-danger-soft" : "bg-warn-soft",
                )}
              >
                {t(severity === "fault" ? "audit.verify.fault" : "audit.verify.note")}
              </span>
              {t(`audit.verify.kinds.${kind}`, { rows, seq })}
            </li>
          );
        })}
      </ul>
      {more > 0 && <p className="text-fg-muted">{t("audit.verify.more", { number: more })}</p>}
    </div>
  );
}

function Trust({ overview: { key, anchor, retentionDays } }: { readonly overview: AuditOverview }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const mayChange = useCan()("system.manage");
  const [busy, setBusy] = useState(false);
  const days = [...new Set([...RETENTION_DAYS, retentionDays])].sort((a, b) => a - b);
  const keep = async (wanted: number): Promise<void> => {
    setBusy(true);
    try {
      queries.setQueryData(["audit-overview"], await api.setAuditSettings({ retentionDays: wanted }));
      toast.success(t("audit.verify.retentionSaved"));
    } catch (error) {
      toast.error(errorText(t, error));
    }
    setBusy(false);
  };
  const copy = async (text: string): Promise<void> => {
    await navigator.clipboard.writeText(text);
    toast.success(t("audit.verify.copied"));
  };
  const noted = anchor === null ? undefined : `${anchor.seq}:${anchor.hash}`;
  return (
    <>
      <section>
        <h3 className="mb-1 font-medium">{t("audit.verify.anchorTitle")}</h3>
        <p className="mb-1 text-fg-muted text-xs">{t("audit.verify.anchorLead")}</p>
        {noted === undefined ? (
          <p className="text-fg-muted">{t("audit.verify.noAnchor")}</p>
        ) : (
          <div className="flex items-start gap-2">
            <code className="min-w-0 flex-1 rounded-sm bg-raised px-2 py-1 text-xs [overflow-wrap:anywhere]">
              {noted}
            </code>
            <Button size="sm" onClick={() => void copy(noted)}>
              {t("audit.verify.copy")}
            </Button>
          </div>
        )}
      </section>
      <section>
        <h3 className="mb-1 font-medium">{t("audit.verify.keyTitle")}</h3>
        <code className="block rounded-sm bg-raised px-2 py-1 text-xs [overflow-wrap:anywhere]">{key.fingerprint}</code>
      </section>
      <label className="flex items-center gap-3">
        <span className="font-medium">{t("audit.verify.retention")}</span>
        <Select
          className="w-40"
          disabled={!mayChange || busy}
          value={retentionDays}
          onChange={(event) => void keep(Number(event.target.value))}
        >
          {days.map((number) => (
            <option key={number} value={number}>
              {t("audit.verify.days", { number })}
            </option>
          ))}
        </Select>
      </label>
    </>
  );
}
