import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { RollbackResult, RollbackStep, RollbackTarget } from "../../../shared/api/config.ts";
import { codeText, errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { ChangeList } from "../audit/change-list.tsx";
import type { Names } from "../audit/value-text.ts";
import { useReauth } from "../auth/reauth-provider.tsx";
import { ObjectTitle } from "./version-card.tsx";

interface Props {
  readonly target: RollbackTarget;
  readonly names: Names;
  readonly onClose: () => void;
}

/** Shows what a roll-back would change, and does it when asked to. */
export function RollbackDialog({ target, names, onClose }: Props): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const reauth = useReauth();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [failed, setFailed] = useState<RollbackResult["failed"]>([]);
  const plan = useQuery({
    queryKey: ["config-rollback", target],
    gcTime: 0,
    refetchOnWindowFocus: false,
    queryFn: () => api.previewRollback(target),
  });
  const open = plan.data?.steps.filter(({ skipped }) => !skipped).length ?? 0;

  const run = async (): Promise<void> => {
    if (plan.data === undefined) return;
    const { plan: agreed } = plan.data;
    setBusy(true);
    setFailure(undefined);
    try {
      const result = await reauth(() => api.rollBack(target, agreed, reason));
      // Every page shows the configuration.
      await queries.invalidateQueries();
      if (result.done > 0) toast.success(t("config.done", { number: result.done }));
      if (result.failed.length === 0) return onClose();
      setFailed(result.failed);
    } catch (error) {
      setFailure(errorText(t, error));
      await plan.refetch();
    }
    setBusy(false);
  };

  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(stays) => !stays && onClose()}
      title={t(target.kind === "undo" ? "config.undoTitle" : "config.stateTitle", { id: target.version })}
      description={t("config.previewLead")}
      className="max-w-3xl"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button variant="danger" busy={busy} disabled={open === 0} onClick={() => void run()}>
            {t("config.action", { number: open })}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {plan.isPending ? (
          <SkeletonRows count={4} />
        ) : plan.isError ? (
          <FailureState title={errorText(t, plan.error)} onRetry={() => void plan.refetch()} />
        ) : plan.data.steps.length === 0 ? (
          <p className="text-fg-muted text-sm">{t("config.nothing")}</p>
        ) : (
          <ul className="flex flex-col gap-3">
            {plan.data.steps.map((step) => (
              <Step key={`${step.section} ${step.id}`} step={step} names={names} />
            ))}
          </ul>
        )}
        {failed.length > 0 && (
          <div role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            <p className="font-medium">{t("config.someFailed", { number: failed.length })}</p>
            <ul className="list-disc pl-4">
              {failed.map(({ section, id, label, code, message }) => (
                <li key={`${section} ${id}`}>
                  {names.get(label) ?? label}: {codeText(t, code) ?? message}
                </li>
              ))}
            </ul>
          </div>
        )}
        {open > 0 && (
          <Field label={t("config.reason")} hint={t("config.reasonHint")} optional={t("common.optional")}>
            {(control) => (
              <Input {...control} maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />
            )}
          </Field>
        )}
        {failure !== undefined && (
          <p role="alert" className="text-danger text-sm">
            {failure}
          </p>
        )}
      </div>
    </Dialog>
  );
}

function Step({ step, names }: { readonly step: RollbackStep; readonly names: Names }): ReactNode {
  const { t } = useTranslation();
  return (
    <li className={cn(step.skipped && "opacity-70")}>
      <ObjectTitle change={step} names={names} withSection kept={step.skipped} />
      {step.skipped ? (
        <p className="text-fg-muted text-xs">{t("config.skipped")}</p>
      ) : (
        <ChangeList changes={step.fields} names={names} />
      )}
      {step.notes.map((note) => (
        <p key={note} className="mt-1 text-warn text-xs">
          {t(`config.notes.${note}`)}
        </p>
      ))}
    </li>
  );
}
