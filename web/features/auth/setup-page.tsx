import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { fieldMessage, isAtField } from "../../api/api-error.ts";
import type { Api } from "../../api/endpoints.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { AuthFrame, FormError } from "./auth-frame.tsx";
import { isWhole, NewPasswordFields, noPassword } from "./new-password-fields.tsx";

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
  const [chosen, setChosen] = useState(noPassword);
  const nameOk = usernamePattern.test(username.trim());
  const ready = nameOk && isWhole(chosen);
  const form = useSubmit(async () => {
    if (token === undefined) return;
    const language = i18n.resolvedLanguage === "ko" ? "ko" : "en";
    await session.setUp({ token, username: username.trim(), password: chosen.password, language });
    await navigate({ to: await firstPage(api), replace: true });
  });
  const { error } = form;

  if (token === undefined) {
    return (
      <AuthFrame title={t("auth.setupTitle")}>
        <FormError>{t("auth.setupMissingToken")}</FormError>
      </AuthFrame>
    );
  }

  const usernameError = fieldMessage(error, "username") ?? (nameOk ? undefined : t("auth.usernameRule"));
  const atField = isAtField(error, ["username", "password"]);
  return (
    <AuthFrame title={t("auth.setupTitle")} lead={t("auth.setupLead")}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void form.submit();
        }}
      >
        <FormError>{error === undefined || atField ? undefined : errorText(t, error)}</FormError>
        <TextField
          label={t("auth.username")}
          error={username === "" ? undefined : usernameError}
          name="username"
          autoComplete="username"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={64}
          value={username}
          onChange={setUsername}
        />
        <NewPasswordFields
          label={t("auth.password")}
          value={chosen}
          error={fieldMessage(error, "password")}
          onChange={setChosen}
        />
        <Button type="submit" variant="primary" busy={form.busy} disabled={!ready} className="mt-1 h-9">
          {form.busy ? t("auth.creating") : t("auth.createAdministrator")}
        </Button>
      </form>
    </AuthFrame>
  );
}
