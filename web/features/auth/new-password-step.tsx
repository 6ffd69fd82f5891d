import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Button } from "../../ui/button.tsx";
import { AuthFrame } from "./auth-frame.tsx";
import { isOver, type StepProps } from "./factor-step.tsx";
import { isWhole, NewPasswordFields, noPassword } from "./new-password-fields.tsx";

/** Somebody else made the password, so somebody else knows it: another one before anything opens. */
export function NewPasswordStep({ step, onAnswer, onBack }: StepProps): ReactNode {
  const { t } = useTranslation();
  const { api, session } = useServices();
  const options = useQuery({ queryKey: ["auth", "options"], queryFn: ({ signal }) => api.signInOptions(signal) });
  const least = options.data?.minPasswordLength;
  const [chosen, setChosen] = useState(noPassword);
  const ready = isWhole(chosen, least);
  const form = useSubmit(async () => {
    try {
      onAnswer(await session.ask("/auth/new-password", { token: step.token, password: chosen.password }));
    } catch (error) {
      if (!isOver(error)) throw error;
      onBack(errorText(t, error));
    }
  });
  return (
    <AuthFrame title={t("signIn.newPasswordTitle")} lead={t("signIn.newPasswordLead", { name: step.username })}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void form.submit();
        }}
      >
        <input type="text" name="username" autoComplete="username" value={step.username} readOnly hidden />
        <NewPasswordFields
          label={t("profile.newPassword")}
          value={chosen}
          error={form.error === undefined ? undefined : errorText(t, form.error)}
          least={least}
          autoFocus
          onChange={(next) => {
            setChosen(next);
            form.clearError();
          }}
        />
        <Button type="submit" variant="primary" busy={form.busy} disabled={!ready} className="h-9">
          {t("account.passwordChange")}
        </Button>
      </form>
      <Button variant="ghost" size="sm" className="mt-3" onClick={() => onBack()}>
        {t("signIn.back")}
      </Button>
    </AuthFrame>
  );
}
