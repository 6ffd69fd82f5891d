import { useQuery, useQueryClient } from "@tanstack/react-query";
import { LoaderCircle, ShieldAlert, ShieldCheck, ShieldQuestion } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AuditVerification } from "../../../shared/api/audit.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { IntegrityDialog } from "./integrity-dialog.tsx";
import { useInstantText } from "./use-instant-text.ts";

const KEY = ["audit-verification"] as const;
const POLL_MS = 1000;

/** How the last check of the chain went, in a line; and the button for the next. */
export function IntegrityBar(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const when = useInstantText();
  const [open, setOpen] = useState(false);
  const state = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.auditVerification(signal),
    refetchInterval: ({ state: { data } }) => (data?.running === true ? POLL_MS : false),
  });
  const verify = async (): Promise<void> => {
    try {
      queries.setQueryData(KEY, await api.verifyAudit());
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };
  const { data } = state;
  if (data === undefined) return null;
  const tone = toneOf(data);
  const Icon = { none: ShieldQuestion, running: LoaderCircle, good: ShieldCheck, bad: ShieldAlert }[tone];
  return (
    <section
      aria-label={t("audit.verify.title")}
      className={cn(
        "flex flex-wrap items-center gap-x-3 gap-y-2 rounded-md border border-line px-3 py-2 text-sm",
        tone === "bad" ? "bg-danger-soft" : tone === "good" ? "bg-ok-soft" : "bg-panel",
      )}
    >
      <Icon className={cn("size-4 shrink-0", tone === "running" && "animate-spin")} aria-hidden="true" />
      <p role="status" className="min-w-0 flex-1">
        {sentence(data)}
        {data.finishedAt !== null && !data.running && (
          <span className="ml-2 text-fg-muted text-xs">
            {t("audit.verify.when", { when: when(data.finishedAt), by: data.by ?? t("audit.server") })}
          </span>
        )}
      </p>
      <Button size="sm" variant="ghost" onClick={() => setOpen(true)}>
        {t("audit.verify.open")}
      </Button>
      <Button size="sm" busy={data.running} onClick={() => void verify()}>
        {t("audit.verify.now")}
      </Button>
      {open && <IntegrityDialog verification={data} onClose={() => setOpen(false)} />}
    </section>
  );

  function sentence({ running, done, total, failed, report }: AuditVerification): string {
    if (running) return t("audit.verify.running", { done, total });
    if (failed !== null) return t("audit.verify.failed", { reason: failed });
    if (report === null) return t("audit.verify.never");
    if (report.ok) return t("audit.verify.intact", { rows: report.rows });
    return t("audit.verify.faults", { count: report.findings.length + report.more });
  }
}

function toneOf({ running, failed, report }: AuditVerification): "none" | "running" | "good" | "bad" {
  if (running) return "running";
  if (failed !== null) return "bad";
  if (report === null) return "none";
  return report.ok ? "good" : "bad";
}
