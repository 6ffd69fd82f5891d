import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { fieldMessage } from "../../api/api-error.ts";
import type { Api } from "../../api/endpoints.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { AuthFrame, FormError } from "./auth-frame.tsx";
import { PasswordInput, PasswordStrength } from "./password-input.tsx";
import { MIN_PASSWORD } from "./password-strength.ts";

const usernamePattern = /^[\p{L}\p{N}._@-]{3,64}$/u;

/**
 * Where a new administrator goes: to the wall where cameras play already (the demo), with a reminder that there is more
 * to set up; else to the next step.
 */
async function firstPage(api: Api): Promise<"/" | "/welcome"> {
  try {
    await api.setSetupStep("place");
    return (await api.cameras()).length === 0 ? "/welcome" : "/";
  } catch {
    return "/";
  }
}

export function SetupPage(): ReactNode {
  const { t, i18n } = useTranslation();
  const { session, api } = useServices();
  const navigate = useNavigate();
  const { token } = useSearch({ from: "/setup" });
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  const [repeated, setRepeated] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  if (token === undefined) {
    return (
      <AuthFrame title={t("auth.setupTitle")}>
        <FormError>{t("auth.setupMissingToken")}</FormError>
      </AuthFrame>
    );
  }

  const nameOk = usernamePattern.test(username.trim());
  const mismatch = repeated !== "" && repeated !== password;
  const ready = nameOk && password.length >= MIN_PASSWORD && repeated === password;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    try {
      const language = i18n.resolvedLanguage === "ko" ? "ko" : "en";
      await session.setUp({ token, username: username.trim(), password, language });
      await navigate({ to: await firstPage(api), replace: true });
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  const usernameError = fieldMessage(error, "username") ?? (nameOk ? undefined : t("auth.usernameRule"));
  const passwordError = fieldMessage(error, "password");
  const general =
    error === undefined || fieldMessage(error, "username") !== undefined || passwordError !== undefined
      ? undefined
      : errorText(t, error);

  return (
    <AuthFrame title={t("auth.setupTitle")} lead={t("auth.setupLead")}>
      <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        <FormError>{general}</FormError>
        <Field label={t("auth.username")} error={username === "" ? undefined : usernameError}>
          {(control) => (
            <Input
              {...control}
              name="username"
              autoComplete="username"
              autoCapitalize="off"
              spellCheck={false}
              maxLength={64}
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("auth.password")} error={passwordError} hint={<PasswordStrength password={password} />}>
          {(control) => (
            <PasswordInput
              {...control}
              name="password"
              autoComplete="new-password"
              value={password}
              onChange={setPassword}
            />
          )}
        </Field>
        <Field label={t("auth.confirmPassword")} error={mismatch ? t("auth.passwordMismatch") : undefined}>
          {(control) => (
            <PasswordInput
              {...control}
              name="confirm"
              autoComplete="new-password"
              value={repeated}
              onChange={setRepeated}
            />
          )}
        </Field>
        <Button type="submit" variant="primary" busy={busy} disabled={!ready} className="mt-1 h-9">
          {busy ? t("auth.creating") : t("auth.createAdministrator")}
        </Button>
      </form>
    </AuthFrame>
  );
}
