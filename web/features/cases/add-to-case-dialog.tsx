import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
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
  const [busy, setBusy] = useState(false);
  const choices = cameraIds.includes(footage.cameraId) ? cameraIds : [footage.cameraId, ...cameraIds];

  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const range = { startMicros: Math.floor(footage.startMicros), endMicros: Math.ceil(footage.endMicros), note };
    const items = cameras.map((cameraId) => ({ cameraId, ...range }));
    try {
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
    } catch (error) {
      toast.error(errorText(t, error));
      setBusy(false);
    }
  };

  return (
    <Dialog open modalToClicks onOpenChange={(isOpen) => !isOpen && onClose()} title={t("cases.addTitle")}>
      <form onSubmit={(event) => void add(event)} className="flex flex-col gap-3">
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
          <Field label={t("cases.titleField")}>
            {(control) => (
              <Input
                {...control}
                required
                maxLength={200}
                value={title}
                onChange={(event) => setTitle(event.target.value)}
              />
            )}
          </Field>
        )}
        {choices.length > 1 && (
          <CameraChoice first={footage.cameraId} cameraIds={choices} chosen={cameras} onChange={setCameras} />
        )}
        <Field label={t("cases.rangeNote")} optional={t("common.optional")}>
          {(control) => (
            <Input {...control} maxLength={4000} value={note} onChange={(event) => setNote(event.target.value)} />
          )}
        </Field>
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            type="submit"
            variant="primary"
            busy={busy}
            disabled={cameras.length === 0 || (chosenCase === NEW && title.trim() === "")}
          >
            {t("cases.add")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
