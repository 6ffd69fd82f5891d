import { useQueryClient } from "@tanstack/react-query";
import { PlugZap } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Camera } from "../../../shared/api/schemas.ts";
import { ApiError, fieldMessage } from "../../api/api-error.ts";
import { queryKeys } from "../../api/queries.ts";
import { cameraErrorText, errorText, fieldText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { CameraFields } from "./camera-fields.tsx";
import { checkForm, createBody, formOf, probeBody, updateBody } from "./camera-form.ts";
import { ProbePanel, type ProbeState } from "./probe-panel.tsx";

interface CameraDialogProps {
  readonly camera?: Camera;
  readonly onClose: () => void;
  readonly onRemove?: () => void;
}

const FIELDS = [
  "name",
  "url",
  "subUrl",
  "username",
  "password",
  "transport",
  "group",
  "enabled",
  "allowUntrustedCertificate",
];

export default function CameraDialog({ camera, onClose, onRemove }: CameraDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const formId = useId();
  const [form, setForm] = useState(() => formOf(camera));
  const [touched, setTouched] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [probe, setProbe] = useState<ProbeState>({ status: "idle" });
  const probing = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => probing.current?.abort(), []);

  const local = checkForm(form);
  const problem = (field: string): string | undefined => {
    const own = touched ? local[field as keyof typeof local] : undefined;
    if (own !== undefined) return t(`cameras.errors.${own}`);
    return fieldText(t, error, field);
  };
  const elsewhere =
    error instanceof ApiError &&
    error.details.some((detail) => FIELDS.some((field) => fieldMessage(error, field) === detail.message));
  const general = error === undefined || elsewhere ? undefined : errorText(t, error);

  const test = async (url: string): Promise<void> => {
    setTouched(true);
    if (url === form.url ? local.url !== undefined : local.subUrl !== undefined) return;
    probing.current?.abort();
    const abort = new AbortController();
    probing.current = abort;
    setProbe({ status: "running" });
    setError(undefined);
    try {
      const found = await api.probe(probeBody(form, url, camera?.id), abort.signal);
      setProbe({ status: "done", probe: found });
    } catch (caught) {
      if (abort.signal.aborted) return;
      setProbe({ status: "failed", message: cameraErrorText(t, caught) });
      setError(caught instanceof ApiError && caught.details.length > 0 ? caught : undefined);
    }
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTouched(true);
    if (Object.keys(local).length > 0) return;
    setBusy(true);
    setError(undefined);
    try {
      const saved =
        camera === undefined
          ? await api.createCamera(createBody(form))
          : await api.updateCamera(camera.id, updateBody(form));
      await queries.invalidateQueries({ queryKey: queryKeys.cameras });
      toast.success(t(camera === undefined ? "cameras.added" : "cameras.saved", { name: saved.name }));
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={camera === undefined ? t("cameras.addTitle") : t("cameras.editTitle", { name: camera.name })}
      className="max-w-4xl"
      footer={
        <>
          {onRemove !== undefined && (
            <Button variant="ghost" className="mr-auto text-danger hover:text-danger" onClick={onRemove}>
              {t("tree.menu.remove")}
            </Button>
          )}
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy}>
            {camera === undefined ? t("common.add") : t("common.save")}
          </Button>
        </>
      }
    >
      <div className="grid gap-6 md:grid-cols-[1fr_20rem]">
        <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="flex min-w-0 flex-col gap-4">
          {general !== undefined && (
            <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
              {general}
            </p>
          )}
          <CameraFields
            form={form}
            hasPassword={camera?.hasPassword ?? false}
            problem={problem}
            onChange={(change) => {
              setForm((before) => ({ ...before, ...change }));
              setError(undefined);
            }}
          />
        </form>
        <div className="flex min-w-0 flex-col gap-3">
          <div className="flex gap-2">
            <Button className="flex-1" busy={probe.status === "running"} onClick={() => void test(form.url)}>
              <PlugZap aria-hidden="true" />
              {t("cameras.test.run")}
            </Button>
            {form.subUrl.trim() !== "" && (
              <Button disabled={probe.status === "running"} onClick={() => void test(form.subUrl)}>
                {t("cameras.test.runSub")}
              </Button>
            )}
          </div>
          <ProbePanel state={probe} />
        </div>
      </div>
    </Dialog>
  );
}
