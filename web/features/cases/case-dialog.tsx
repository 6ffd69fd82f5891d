import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { EvidenceCase } from "../../../shared/api/recording.ts";
import { fieldMessage, isAtField } from "../../api/api-error.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { TextField } from "../../ui/field.tsx";
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
  const form = useSubmit(async () => {
    const body = { title, reference };
    const changed = edited === undefined ? await api.createCase(body) : await api.changeCase(edited.id, body);
    await tookCase(queries, changed);
    onDone(changed);
  });
  return (
    <FormDialog
      form={form}
      title={edited === undefined ? t("cases.new") : t("cases.edit")}
      action={edited === undefined ? t("cases.create") : t("common.save")}
      ready={title.trim() !== ""}
      atField={isAtField(form.error, ["title", "reference"])}
      onClose={onClose}
    >
      <TextField
        label={t("cases.titleField")}
        error={fieldMessage(form.error, "title")}
        required
        autoFocus
        maxLength={200}
        value={title}
        onChange={setTitle}
      />
      <TextField
        label={t("cases.reference")}
        optional={t("common.optional")}
        hint={t("cases.referenceHint")}
        error={fieldMessage(form.error, "reference")}
        maxLength={100}
        value={reference}
        onChange={setReference}
      />
    </FormDialog>
  );
}
