import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
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
  const wanted = useExportForm(`${camerasById.get(request.cameraId)?.name ?? ""} ${from}`.trim());
  const form = useSubmit(async () => {
    const range = { startMicros: Math.floor(request.startMicros), endMicros: Math.ceil(request.endMicros) };
    await api.createExport({ ...wanted.body, items: chosen.map((cameraId) => ({ cameraId, ...range })) });
    await queries.invalidateQueries({ queryKey: EXPORTS_KEY });
    toast.success(t("exports.queued"), {
      action: { label: t("exports.show"), onClick: () => void navigate({ to: "/exports" }) },
    });
    onClose();
  });

  return (
    <FormDialog
      form={form}
      title={t("exports.new")}
      action={t("exports.start")}
      ready={wanted.ready && chosen.length > 0}
      onClose={onClose}
    >
      <p className="nums text-fg-soft text-sm">
        {from} – {to}
      </p>
      <ExportTitle form={wanted} />
      <CameraChoice first={request.cameraId} cameraIds={request.cameraIds} chosen={chosen} onChange={setChosen} />
      <ExportFields form={wanted} />
    </FormDialog>
  );
}
