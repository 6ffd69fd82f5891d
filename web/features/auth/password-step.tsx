import { useQuery } from "@tanstack/react-query";
import { Fingerprint, LogIn } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SignedInSession, SignInStep } from "../../../shared/api/identity.ts";
import { API_BASE } from "../../api/http-client.ts";
import type { PasskeyOptions } from "../../api/identity-endpoints.ts";
import { queryKeys } from "../../api/queries.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { AuthFrame, FormError, FormNotice } from "./auth-frame.tsx";
import { askPasskey, passkeysWork } from "./passkey.ts";
import { PasswordInput } from "./password-input.tsx";
import { proofText } from "./proof-text.ts";
import { rememberReturn } from "./return-after-provider.ts";

interface PasswordStepProps {
  readonly notice: string | undefined;
  /** What ended an earlier try. */
  readonly failed: string | undefined;
  /** Page to go on to. */
  readonly from: string;
  readonly onStep: (step: SignInStep) => void;
  readonly onSession: (session: SignedInSession) => void;
}

/** Name and password, or a passkey, or a provider. */
export function PasswordStep({ notice, failed, from, onStep, onSession }: PasswordStepProps): ReactNode {
  const { t } = useTranslation();
  const { api, session } = useServices();
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState<"password" | "passkey">();
  const [failure, setFailure] = useState(failed);
  const status = useQuery({ queryKey: queryKeys.authStatus, queryFn: () => api.authStatus() });
  const options = useQuery({ queryKey: ["auth", "options"], queryFn: ({ signal }) => api.signInOptions(signal) });
  const withPasskey = options.data?.passkeys === true && passkeysWork();
  const providers = options.data?.providers ?? [];

  const attempt = async (what: "password" | "passkey", run: () => Promise<void>): Promise<void> => {
    if (busy !== undefined) return;
    setBusy(what);
    setFailure(undefined);
    try {
      await run();
    } catch (error) {
      setFailure(proofText(t, error));
    }
    setBusy(undefined);
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    // From the form itself: a password manager may fill fields without an event that React sees.
    const filled = new FormData(event.currentTarget);
    void attempt("password", async () => {
      const step = await session.signIn(String(filled.get("username")).trim(), String(filled.get("password")));
      if (step !== undefined) onStep(step);
    });
  };
  const passkey = (): Promise<void> =>
    attempt("passkey", async () => {
      const { token, options: asked } = await session.ask<PasskeyOptions>("/auth/passkey/options", {});
      onSession(await session.ask("/auth/passkey", { token, response: await askPasskey(asked) }));
    });

  return (
    <AuthFrame title={t("auth.signInTitle")}>
      <form className="flex flex-col gap-4" onSubmit={submit}>
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
        <Button type="submit" variant="primary" busy={busy === "password"} className="mt-1 h-9">
          {busy === "password" ? t("auth.signingIn") : t("auth.signIn")}
        </Button>
      </form>
      {(withPasskey || providers.length > 0) && (
        <div className="mt-4 flex flex-col gap-2">
          <p className="flex items-center gap-3 text-fg-muted text-xs before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
            {t("signIn.or")}
          </p>
          {withPasskey && (
            <Button className="h-9" busy={busy === "passkey"} onClick={() => void passkey()}>
              {busy !== "passkey" && <Fingerprint aria-hidden="true" />}
              {t("signIn.withPasskey")}
            </Button>
          )}
          {providers.map(({ id, name }) => (
            <Button
              key={id}
              className="h-auto min-h-9 whitespace-normal [overflow-wrap:anywhere]"
              onClick={() => {
                rememberReturn(from);
                // A navigation, not a request: the provider has pages of its own.
                location.assign(`${API_BASE}/auth/oidc/${encodeURIComponent(id)}/start`);
              }}
            >
              <LogIn aria-hidden="true" />
              {t("signIn.withProvider", { name })}
            </Button>
          ))}
        </div>
      )}
    </AuthFrame>
  );
}
