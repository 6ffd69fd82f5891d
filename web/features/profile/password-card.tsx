import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Profile } from "../../../shared/api/identity.ts";
import { ApiError } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { PasswordInput, PasswordStrength } from "../auth/password-input.tsx";
import { MIN_PASSWORD } from "../auth/password-strength.ts";
import { Card } from "./card.tsx";
import { useSignInOptions } from "./use-account.ts";

export function PasswordCard({ profile }: { readonly profile: Profile }): ReactNode {
  const { t } = useTranslation();
  if (!profile.hasPassword) {
    return (
      <Card
        title={t("account.password")}
        lead={t("account.noPassword", { providers: profile.providers.join(", ") || t("signIn.passkey") })}
      />
    );
  }
  return (
    <Card title={t("account.password")} lead={t("account.passwordLead")}>
      <PasswordForm username={profile.username} />
    </Card>
  );
}

/** The new password is judged by the server, in its words; the bars only hint. */
function PasswordForm({ username }: { readonly username: string }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const least = useSignInOptions().data?.minPasswordLength ?? MIN_PASSWORD;
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const mismatch = repeated !== "" && repeated !== password;
  const ready = current !== "" && [...password].length >= least && repeated === password;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    try {
      await api.changePassword(current, password);
      toast.success(t("profile.passwordChanged"));
      for (const clear of [setCurrent, setPassword, setRepeated]) clear("");
    } catch (caught) {
      setError(caught);
    }
    setBusy(false);
  };
  const text = error === undefined ? undefined : errorText(t, error);
  const ofNew = error instanceof ApiError && error.code.startsWith("auth.password_");
  return (
    <form className="grid gap-4 sm:grid-cols-2" onSubmit={(event) => void submit(event)}>
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <Field label={t("profile.currentPassword")} error={ofNew ? undefined : text} className="sm:col-span-2">
        {(control) => (
          <PasswordInput
            {...control}
            name="current-password"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
          />
        )}
      </Field>
      <Field
        label={t("profile.newPassword")}
        error={ofNew ? text : undefined}
        hint={<PasswordStrength password={password} least={least} />}
      >
        {(control) => (
          <PasswordInput
            {...control}
            name="new-password"
            autoComplete="new-password"
            value={password}
            onChange={(value) => {
              setPassword(value);
              if (ofNew) setError(undefined);
            }}
          />
        )}
      </Field>
      <Field label={t("auth.confirmPassword")} error={mismatch ? t("auth.passwordMismatch") : undefined}>
        {(control) => (
          <PasswordInput
            {...control}
            name="repeat-password"
            autoComplete="new-password"
            value={repeated}
            onChange={setRepeated}
          />
        )}
      </Field>
      <div className="flex justify-end sm:col-span-2">
        <Button type="submit" variant="primary" busy={busy} disabled={!ready}>
          {t("account.passwordChange")}
        </Button>
      </div>
    </form>
  );
}
