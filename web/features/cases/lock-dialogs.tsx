import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { EvidenceCase, EvidenceLock } from "../../../shared/api/recording.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { TextField } from "../../ui/field.tsx";
import { endOfDay } from "../playback/end-of-day.ts";
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
  const form = useSubmit(async () => {
    const made = await api.lockCase(one.id, { reason, expiresAt: endOfDay(expires) });
    await tookLocks(queries);
    toast.success(made.length === 0 ? t("cases.locks.already") : t("cases.locks.made", { number: made.length }));
    onClose();
  });
  return (
    <FormDialog
      form={form}
      title={t("cases.locks.lockTitle")}
      description={t("cases.locks.lockLead", { count: one.items.length })}
      action={t("cases.locks.lock")}
      ready={reason.trim() !== ""}
      onClose={onClose}
    >
      <TextField
        label={t("cases.locks.reason")}
        required
        autoFocus
        maxLength={500}
        value={reason}
        onChange={setReason}
      />
      <TextField
        label={t("cases.locks.expires")}
        optional={t("common.optional")}
        hint={t("cases.locks.expiresHint")}
        type="date"
        value={expires}
        onChange={setExpires}
      />
    </FormDialog>
  );
}

/** Releasing lets retention delete the footage: it needs a reason, which stays on record. */
export function ReleaseDialog(props: { readonly lock: EvidenceLock; readonly onClose: () => void }): ReactNode {
  const { lock, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const form = useSubmit(async () => {
    await api.releaseLock(lock.id, reason);
    await tookLocks(queries);
    toast.success(t("cases.locks.released"));
    onClose();
  });
  return (
    <FormDialog
      form={form}
      title={t("cases.locks.releaseTitle")}
      description={t("cases.locks.releaseLead")}
      action={t("cases.locks.release")}
      danger
      ready={reason.trim() !== ""}
      onClose={onClose}
    >
      <p className="text-fg-soft text-sm">
        <CameraName cameraId={lock.cameraId} /> · <RangeText {...lock} />
      </p>
      <TextField
        label={t("cases.locks.releaseReason")}
        required
        autoFocus
        maxLength={500}
        value={reason}
        onChange={setReason}
      />
    </FormDialog>
  );
}
