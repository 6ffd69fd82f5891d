import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { queryKeys } from "../../api/queries.ts";
import { Splash } from "../../app/error-pages.tsx";
import { errorText } from "../../app/error-text.ts";
import { safeReturnPath } from "../../app/return-path.ts";
import { useServices, useSession } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { AuthFrame, FormError, FormNotice } from "./auth-frame.tsx";
import { PasswordInput } from "./password-input.tsx";

export function SignInPage(): ReactNode {
  const { t } = useTranslation();
  const { api, session } = useServices();
  const state = useSession();
  const { from } = useSearch({ from: "/sign-in" });
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const status = useQuery({ queryKey: queryKeys.authStatus, queryFn: () => api.authStatus() });

  if (state.status === "restoring") return <Splash />;
  if (state.status === "signed-in") return <ToPage path={safeReturnPath(from)} />;

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    // From the form itself: a password manager may fill fields without an event that React sees.
    const filled = new FormData(event.currentTarget);
    setBusy(true);
    setFailure(undefined);
    try {
      await session.signIn(String(filled.get("username")).trim(), String(filled.get("password")));
    } catch (error) {
      setFailure(errorText(t, error));
      setBusy(false);
    }
  };

  const reason = state.status === "signed-out" ? state.reason : "none";
  const notice = reason === "expired" ? t("auth.expired") : reason === "signed-out" ? t("auth.signedOut") : undefined;
  return (
    <AuthFrame title={t("auth.signInTitle")}>
      <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {failure === undefined && (
          <FormNotice>{status.data?.setupRequired ? t("auth.setupRequired") : notice}</FormNotice>
        )}
        <FormError>{failure}</FormError>
        <Field label={t("auth.username")}>
          {(control) => (
            <Input
              {...control}
              name="username"
              autoComplete="username"
              autoCapitalize="off"
              spellCheck={false}
              autoFocus
              required
              maxLength={64}
            />
          )}
        </Field>
        <Field label={t("auth.password")}>
          {(control) => (
            <PasswordInput
              {...control}
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={setPassword}
            />
          )}
        </Field>
        <Button type="submit" variant="primary" busy={busy} className="mt-1 h-9">
          {busy ? t("auth.signingIn") : t("auth.signIn")}
        </Button>
      </form>
    </AuthFrame>
  );
}

function ToPage({ path }: { readonly path: string }): ReactNode {
  const router = useRouter();
  useEffect(() => router.history.replace(path), [router, path]);
  return null;
}
