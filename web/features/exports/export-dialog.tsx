import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { CameraChoice } from "../cases/camera-choice.tsx";
import { useWall } from "../live/wall-context.tsx";
import type { RangeRequest } from "../playback/playback-panel.tsx";
import { ExportFields, ExportTitle, useExportForm } from "./export-fields.tsx";
import { EXPORTS_KEY } from "./use-exports.ts";

/** Asks for a package of what was selected on the timeline. */
export function ExportDialog(props: { readonly request: RangeRequest; readonly onClose: () => void }): ReactNode {
  const { request, onClose } = props;
  const { t, i18n } = useTranslation();
  const { api } = useServices();
  const { camerasById } = useWall();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const time = new Intl.DateTimeFormat(i18n.resolvedLanguage, {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  });
  const from = time.format(request.startMicros / 1000);
  const to = time.format(request.endMicros / 1000);
  const [chosen, setChosen] = useState<readonly string[]>([request.cameraId]);
  const form = useExportForm(`${camerasById.get(request.cameraId)?.name ?? ""} ${from}`.trim());
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const ready = form.ready && chosen.length > 0;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const range = { startMicros: Math.floor(request.startMicros), endMicros: Math.ceil(request.endMicros) };
    try {
      await api.createExport({ ...form.body, items: chosen.map((cameraId) => ({ cameraId, ...range })) });
      await queries.invalidateQueries({ queryKey: EXPORTS_KEY });
      toast.success(t("exports.queued"), {
        action: { label: t("exports.show"), onClick: () => void navigate({ to: "/exports" }) },
      });
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };

  return (
    <Dialog open modalToClicks onOpenChange={(open) => !open && onClose()} title={t("exports.new")}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        <p className="nums text-fg-soft text-sm">
          {from} – {to}
        </p>
        <ExportTitle form={form} />
        <CameraChoice first={request.cameraId} cameraIds={request.cameraIds} chosen={chosen} onChange={setChosen} />
        <ExportFields form={form} />
        {failure !== undefined && (
          <p role="alert" className="text-danger text-sm">
            {errorText(t, failure)}
          </p>
        )}
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={!ready}>
            {t("exports.start")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
