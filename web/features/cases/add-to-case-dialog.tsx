import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Field, Select, TextField } from "../../ui/field.tsx";
import { CameraChoice } from "./camera-choice.tsx";
import { type Footage, RangeText } from "./footage-line.tsx";
import { tookCase, useCases } from "./use-cases.ts";

interface AddToCaseDialogProps {
  readonly footage: Footage;
  /** Cameras to choose from; the footage's own is chosen already. */
  readonly cameraIds: readonly string[];
  readonly note?: string;
  readonly onClose: () => void;
}

const NEW = "new";

/** Puts a range, of one camera or several, into an open case or a new one. */
export function AddToCaseDialog({ footage, cameraIds, note: given = "", onClose }: AddToCaseDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const cases = useCases();
  const open = (cases.data ?? []).filter(({ closedAt }) => closedAt === null);
  const [wanted, setWanted] = useState<string>();
  const chosenCase = wanted ?? open[0]?.id ?? NEW;
  const [title, setTitle] = useState("");
  const [note, setNote] = useState(given);
  const [cameras, setCameras] = useState<readonly string[]>([footage.cameraId]);
  const choices = cameraIds.includes(footage.cameraId) ? cameraIds : [footage.cameraId, ...cameraIds];

  const form = useSubmit(async () => {
    const range = { startMicros: Math.floor(footage.startMicros), endMicros: Math.ceil(footage.endMicros), note };
    const items = cameras.map((cameraId) => ({ cameraId, ...range }));
    const changed =
      chosenCase === NEW ? await api.createCase({ title, items }) : await api.addCaseItems(chosenCase, items);
    await tookCase(queries, changed);
    toast.success(t("cases.addedTo", { title: changed.title }), {
      action: {
        label: t("cases.open"),
        onClick: () => void navigate({ to: "/cases/$caseId", params: { caseId: changed.id } }),
      },
    });
    onClose();
  });

  return (
    <FormDialog
      form={form}
      title={t("cases.addTitle")}
      action={t("cases.add")}
      ready={cameras.length > 0 && (chosenCase !== NEW || title.trim() !== "")}
      onClose={onClose}
    >
      <p className="text-fg-soft text-sm">
        <RangeText {...footage} />
      </p>
      <Field label={t("cases.case")}>
        {(control) => (
          <Select
            {...control}
            disabled={cases.isPending}
            value={chosenCase}
            onChange={(event) => setWanted(event.target.value)}
          >
            {open.map((one) => (
              <option key={one.id} value={one.id}>
                {one.reference === "" ? one.title : `${one.title} (${one.reference})`}
              </option>
            ))}
            <option value={NEW}>{t("cases.newOne")}</option>
          </Select>
        )}
      </Field>
      {chosenCase === NEW && (
        <TextField label={t("cases.titleField")} required maxLength={200} value={title} onChange={setTitle} />
      )}
      {choices.length > 1 && (
        <CameraChoice first={footage.cameraId} cameraIds={choices} chosen={cameras} onChange={setCameras} />
      )}
      <TextField
        label={t("cases.rangeNote")}
        optional={t("common.optional")}
        maxLength={4000}
        value={note}
        onChange={setNote}
      />
    </FormDialog>
  );
}
