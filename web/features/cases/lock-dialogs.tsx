import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { EvidenceCase, EvidenceLock } from "../../../shared/api/recording.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { CameraName, RangeText } from "./footage-line.tsx";
import { tookLocks } from "./use-cases.ts";

/** Keeps every range of a case, whatever retention says. */
export function LockCaseDialog(props: { readonly one: EvidenceCase; readonly onClose: () => void }): ReactNode {
  const { one, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState(one.reference);
  const [expires, setExpires] = useState("");
  const [busy, setBusy] = useState(false);
  const lock = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const expiresAt = expires === "" ? null : new Date(`${expires}T23:59:59`).toISOString();
      const made = await api.lockCase(one.id, { reason, expiresAt });
      await tookLocks(queries);
      toast.success(made.length === 0 ? t("cases.locks.already") : t("cases.locks.made", { number: made.length }));
      onClose();
    } catch (error) {
      toast.error(errorText(t, error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={t("cases.locks.lockTitle")}
      description={t("cases.locks.lockLead", { number: one.items.length })}
    >
      <form onSubmit={(event) => void lock(event)} className="flex flex-col gap-3">
        <Field label={t("cases.locks.reason")}>
          {(control) => (
            <Input
              {...control}
              required
              autoFocus
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("cases.locks.expires")} optional={t("common.optional")} hint={t("cases.locks.expiresHint")}>
          {(control) => (
            <Input {...control} type="date" value={expires} onChange={(event) => setExpires(event.target.value)} />
          )}
        </Field>
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={reason.trim() === ""}>
            {t("cases.locks.lock")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Releasing lets retention delete the footage: it needs a reason, which stays on record. */
export function ReleaseDialog(props: { readonly lock: EvidenceLock; readonly onClose: () => void }): ReactNode {
  const { lock, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const release = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await api.releaseLock(lock.id, reason);
      await tookLocks(queries);
      toast.success(t("cases.locks.released"));
      onClose();
    } catch (error) {
      toast.error(errorText(t, error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={t("cases.locks.releaseTitle")}
      description={t("cases.locks.releaseLead")}
    >
      <form onSubmit={(event) => void release(event)} className="flex flex-col gap-3">
        <p className="text-fg-soft text-sm">
          <CameraName cameraId={lock.cameraId} /> · <RangeText {...lock} />
        </p>
        <Field label={t("cases.locks.releaseReason")}>
          {(control) => (
            <Input
              {...control}
              required
              autoFocus
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="danger" busy={busy} disabled={reason.trim() === ""}>
            {t("cases.locks.release")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
