import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { EvidenceCase } from "../../../shared/api/recording.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { tookCase } from "./use-cases.ts";

interface CaseDialogProps {
  /** undefined: a new one. */
  readonly edited?: EvidenceCase | undefined;
  readonly onDone: (changed: EvidenceCase) => void;
  readonly onClose: () => void;
}

/** Title and reference of a case. */
export function CaseDialog({ edited, onDone, onClose }: CaseDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [title, setTitle] = useState(edited?.title ?? "");
  const [reference, setReference] = useState(edited?.reference ?? "");
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const body = { title, reference };
      const changed = edited === undefined ? await api.createCase(body) : await api.changeCase(edited.id, body);
      await tookCase(queries, changed);
      onDone(changed);
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={edited === undefined ? t("cases.new") : t("cases.edit")}
    >
      <form onSubmit={(event) => void save(event)} className="flex flex-col gap-3">
        <Field label={t("cases.titleField")} error={fieldMessage(failure, "title")}>
          {(control) => (
            <Input
              {...control}
              required
              autoFocus
              maxLength={200}
              value={title}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <Field
          label={t("cases.reference")}
          optional={t("common.optional")}
          hint={t("cases.referenceHint")}
          error={fieldMessage(failure, "reference")}
        >
          {(control) => (
            <Input
              {...control}
              maxLength={100}
              value={reference}
              onChange={(event) => setReference(event.target.value)}
            />
          )}
        </Field>
        {failure !== undefined && (
          <p role="alert" className="text-danger text-sm">
            {errorText(t, failure)}
          </p>
        )}
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={title.trim() === ""}>
            {edited === undefined ? t("cases.create") : t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
