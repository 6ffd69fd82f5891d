import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { AuthFrame } from "./auth-frame.tsx";
import { isOver, type StepProps } from "./factor-step.tsx";
import { PasswordInput, PasswordStrength } from "./password-input.tsx";
import { MIN_PASSWORD } from "./password-strength.ts";

/** Somebody else made the password, so somebody else knows it: another one before anything opens. */
export function NewPasswordStep({ step, onAnswer, onBack }: StepProps): ReactNode {
  const { t } = useTranslation();
  const { api, session } = useServices();
  const options = useQuery({ queryKey: ["auth", "options"], queryFn: ({ signal }) => api.signInOptions(signal) });
  const least = options.data?.minPasswordLength ?? MIN_PASSWORD;
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const mismatch = repeated !== "" && repeated !== password;
  const ready = [...password].length >= least && repeated === password;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready || busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      onAnswer(await session.ask("/auth/new-password", { token: step.token, password }));
    } catch (error) {
      if (isOver(error)) onBack(errorText(t, error));
      else setFailure(errorText(t, error));
      setBusy(false);
    }
  };
  return (
    <AuthFrame title={t("signIn.newPasswordTitle")} lead={t("signIn.newPasswordLead", { name: step.username })}>
      <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        <input type="text" name="username" autoComplete="username" value={step.username} readOnly hidden />
        <Field
          label={t("profile.newPassword")}
          error={failure}
          hint={<PasswordStrength password={password} least={least} />}
        >
          {(control) => (
            <PasswordInput
              {...control}
              name="new-password"
              autoFocus
              autoComplete="new-password"
              value={password}
              onChange={(value) => {
                setPassword(value);
                setFailure(undefined);
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
        <Button type="submit" variant="primary" busy={busy} disabled={!ready} className="h-9">
          {t("account.passwordChange")}
        </Button>
      </form>
      <Button variant="ghost" size="sm" className="mt-3" onClick={() => onBack()}>
        {t("signIn.back")}
      </Button>
    </AuthFrame>
  );
}
