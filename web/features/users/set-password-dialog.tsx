import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { User } from "../../../shared/api/schemas.ts";
import { errorText } from "../../app/error-text.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
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
  const [password, setPassword] = useState("");
  const [mustChangePassword, setMustChange] = useState(true);
  const form = useSubmit(async () => {
    await reauth(() => api.updateUser(user.id, { password, mustChangePassword }));
    toast.success(t("users.passwordSet", { name: user.username }));
    onClose();
  });
  const failure = form.error === undefined ? undefined : errorText(t, form.error);
  return (
    <FormDialog
      form={form}
      title={t("users.setPasswordTitle", { name: user.username })}
      description={t("users.setPasswordLead")}
      action={t("common.save")}
      ready={password.length >= MIN_PASSWORD}
      atField
      className="max-w-sm"
      onClose={onClose}
    >
      <Field label={t("profile.newPassword")} error={failure} hint={<PasswordStrength password={password} />}>
        {(control) => (
          <PasswordInput
            {...control}
            autoFocus
            autoComplete="new-password"
            value={password}
            onChange={(text) => {
              setPassword(text);
              form.clearError();
            }}
          />
        )}
      </Field>
      <SwitchRow label={t("signIn.mustChange")} checked={mustChangePassword} onChange={setMustChange} />
    </FormDialog>
  );
}
