import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Profile } from "../../../shared/api/identity.ts";
import { ApiError } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Field } from "../../ui/field.tsx";
import { isWhole, NewPasswordFields, noPassword } from "../auth/new-password-fields.tsx";
import { PasswordInput } from "../auth/password-input.tsx";
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
  const least = useSignInOptions().data?.minPasswordLength;
  const [current, setCurrent] = useState("");
  const [chosen, setChosen] = useState(noPassword);
  const ready = current !== "" && isWhole(chosen, least);
  const form = useSubmit(async () => {
    await api.changePassword(current, chosen.password);
    toast.success(t("profile.passwordChanged"));
    setCurrent("");
    setChosen(noPassword);
  });
  const { error } = form;
  const text = error === undefined ? undefined : errorText(t, error);
  const ofNew = error instanceof ApiError && error.code.startsWith("auth.password_");
  return (
    <form
      className="grid gap-4 sm:grid-cols-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void form.submit();
      }}
    >
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
      <NewPasswordFields
        label={t("profile.newPassword")}
        value={chosen}
        error={ofNew ? text : undefined}
        least={least}
        onChange={(next) => {
          setChosen(next);
          if (ofNew) form.clearError();
        }}
      />
      <div className="flex justify-end sm:col-span-2">
        <Button type="submit" variant="primary" busy={form.busy} disabled={!ready}>
          {t("account.passwordChange")}
        </Button>
      </div>
    </form>
  );
}
