import { useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { ApiError } from "../../api/api-error.ts";
import { useCameras } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { KEYS_KEY } from "./keys-query.ts";
import { OwnPassword, useHasPassword } from "./own-password.tsx";

/** Makes footage unreadable for ever: days, a reason, the camera's name typed out and one's own password. */
export function DestroyKeysDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const reauth = useReauth();
  const cameras = useCameras(api).data ?? [];
  const hasPassword = useHasPassword();
  const formId = useId();
  const [cameraId, setCameraId] = useState("");
  const [fromDay, setFromDay] = useState("");
  const [toDay, setToDay] = useState("");
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [wrong, setWrong] = useState<string>();
  const camera = cameras.find(({ id }) => id === cameraId);
  const whole = camera !== undefined && fromDay !== "" && toDay !== "" && reason.trim() !== "";
  const ready = whole && typed.trim() === camera.name.trim() && (!hasPassword || password !== "");

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setFailure(undefined);
    setWrong(undefined);
    try {
      const order = { cameraId, fromDay, toDay, reason, ...(hasPassword ? { password } : {}) };
      const { keys: number } = await reauth(() => api.revokeKeys(order));
      toast.success(number === 0 ? t("keys.destroyedNone") : t("keys.destroyed", { number }));
      await queries.invalidateQueries({ queryKey: KEYS_KEY });
      onClose();
    } catch (error) {
      const text = errorText(t, error);
      if (error instanceof ApiError && error.code === "auth.wrong_password") setWrong(text);
      else setFailure(text);
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={t("keys.destroyTitle")}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="danger" busy={busy} disabled={!ready}>
            {t("keys.destroyAction")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
        <p className="flex items-start gap-2 rounded-md bg-danger-soft px-3 py-2 text-sm">
          <TriangleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden="true" />
          {t("keys.destroyLead")}
        </p>
        <Field label={t("keys.camera")}>
          {(control) => (
            <Select {...control} value={cameraId} onChange={(e) => setCameraId(e.target.value)}>
              <option value="">–</option>
              {cameras.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <div className="grid grid-cols-2 gap-3">
          <Field label={t("keys.fromDay")}>
            {(control) => (
              <Input {...control} type="date" value={fromDay} onChange={(e) => setFromDay(e.target.value)} />
            )}
          </Field>
          <Field label={t("keys.toDay")}>
            {(control) => <Input {...control} type="date" value={toDay} onChange={(e) => setToDay(e.target.value)} />}
          </Field>
        </div>
        <Field label={t("keys.reason")} hint={t("keys.reasonHint")}>
          {(control) => (
            <Input {...control} maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />
          )}
        </Field>
        {camera !== undefined && (
          <Field label={t("keys.typeName", { name: camera.name })}>
            {(control) => (
              <Input {...control} autoComplete="off" value={typed} onChange={(e) => setTyped(e.target.value)} />
            )}
          </Field>
        )}
        {hasPassword && <OwnPassword value={password} error={wrong} onChange={setPassword} />}
        {failure !== undefined && (
          <p role="alert" className="text-danger text-sm">
            {failure}
          </p>
        )}
      </form>
    </Dialog>
  );
}
