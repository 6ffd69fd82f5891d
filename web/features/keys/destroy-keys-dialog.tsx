import { useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useCameras } from "../../api/queries.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Field, Select, TextField } from "../../ui/field.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { KEYS_KEY } from "./keys-query.ts";
import { isWrongPassword, OwnPassword, useHasPassword } from "./own-password.tsx";

/** Makes footage unreadable for ever: days, a reason, the camera's name typed out and one's own password. */
export function DestroyKeysDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const reauth = useReauth();
  const cameras = useCameras(api).data ?? [];
  const hasPassword = useHasPassword();
  const [cameraId, setCameraId] = useState("");
  const [fromDay, setFromDay] = useState("");
  const [toDay, setToDay] = useState("");
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [password, setPassword] = useState("");
  const camera = cameras.find(({ id }) => id === cameraId);
  const whole = camera !== undefined && fromDay !== "" && toDay !== "" && reason.trim() !== "";
  const form = useSubmit(async () => {
    const order = { cameraId, fromDay, toDay, reason, ...(hasPassword ? { password } : {}) };
    const { keys: number } = await reauth(() => api.revokeKeys(order));
    toast.success(number === 0 ? t("keys.destroyedNone") : t("keys.destroyed", { number }));
    await queries.invalidateQueries({ queryKey: KEYS_KEY });
    onClose();
  });

  return (
    <FormDialog
      form={form}
      title={t("keys.destroyTitle")}
      action={t("keys.destroyAction")}
      danger
      ready={whole && typed.trim() === camera.name.trim() && (!hasPassword || password !== "")}
      atField={isWrongPassword(form.error)}
      onClose={onClose}
    >
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
        <TextField label={t("keys.fromDay")} type="date" value={fromDay} onChange={setFromDay} />
        <TextField label={t("keys.toDay")} type="date" value={toDay} onChange={setToDay} />
      </div>
      <TextField
        label={t("keys.reason")}
        hint={t("keys.reasonHint")}
        maxLength={500}
        value={reason}
        onChange={setReason}
      />
      {camera !== undefined && (
        <TextField
          label={t("keys.typeName", { name: camera.name })}
          autoComplete="off"
          value={typed}
          onChange={setTyped}
        />
      )}
      {hasPassword && <OwnPassword value={password} error={form.error} onChange={setPassword} />}
    </FormDialog>
  );
}
