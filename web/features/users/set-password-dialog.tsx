import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { User } from "../../../shared/api/schemas.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { PasswordInput, PasswordStrength } from "../auth/password-input.tsx";
import { MIN_PASSWORD } from "../auth/password-strength.ts";
import { useReauth } from "../auth/reauth-provider.tsx";

/** Somebody else's password. Ends his sessions. */
export function SetPasswordDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const formId = useId();
  const [password, setPassword] = useState("");
  const [mustChangePassword, setMustChange] = useState(true);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const ready = password.length >= MIN_PASSWORD;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    try {
      await reauth(() => api.updateUser(user.id, { password, mustChangePassword }));
      toast.success(t("users.passwordSet", { name: user.username }));
      onClose();
    } catch (error) {
      setFailure(errorText(t, error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={t("users.setPasswordTitle", { name: user.username })}
      description={t("users.setPasswordLead")}
      className="max-w-sm"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={!ready}>
            {t("common.save")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        <Field label={t("profile.newPassword")} error={failure} hint={<PasswordStrength password={password} />}>
          {(control) => (
            <PasswordInput
              {...control}
              autoFocus
              autoComplete="new-password"
              value={password}
              onChange={(text) => {
                setPassword(text);
                setFailure(undefined);
              }}
            />
          )}
        </Field>
        <SwitchRow label={t("signIn.mustChange")} checked={mustChangePassword} onChange={setMustChange} />
      </form>
    </Dialog>
  );
}
