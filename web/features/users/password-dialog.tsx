import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { PasswordInput, PasswordStrength } from "../auth/password-input.tsx";
import { MIN_PASSWORD } from "../auth/password-strength.ts";

interface PasswordDialogProps {
  readonly onClose: () => void;
  readonly onSave: (currentPassword: string, newPassword: string) => Promise<void>;
}

export function PasswordDialog({ onClose, onSave }: PasswordDialogProps): ReactNode {
  const { t } = useTranslation();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const mismatch = repeated !== "" && repeated !== password;
  const ready = current !== "" && password.length >= MIN_PASSWORD && repeated === password;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    try {
      await onSave(current, password);
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
      title={t("profile.changePassword").replace("…", "")}
      className="max-w-sm"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form="password-form" variant="primary" busy={busy} disabled={!ready}>
            {t("common.save")}
          </Button>
        </>
      }
    >
      <form id="password-form" className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        <Field label={t("profile.currentPassword")} error={failure}>
          {(control) => (
            <PasswordInput
              {...control}
              autoFocus
              value={current}
              onChange={setCurrent}
              autoComplete="current-password"
            />
          )}
        </Field>
        <Field label={t("profile.newPassword")} hint={<PasswordStrength password={password} />}>
          {(control) => (
            <PasswordInput {...control} value={password} onChange={setPassword} autoComplete="new-password" />
          )}
        </Field>
        <Field label={t("auth.confirmPassword")} error={mismatch ? t("auth.passwordMismatch") : undefined}>
          {(control) => (
            <PasswordInput {...control} value={repeated} onChange={setRepeated} autoComplete="new-password" />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
