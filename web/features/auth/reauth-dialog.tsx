import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Proof, ProofMethods } from "../../api/identity-endpoints.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { CodeInput, TOTP_DIGITS } from "./code-input.tsx";
import { MethodTabs } from "./method-tabs.tsx";
import { askPasskey, passkeysWork } from "./passkey.ts";
import { PasswordInput } from "./password-input.tsx";
import { proofText } from "./proof-text.ts";

interface ReauthDialogProps {
  readonly onProved: () => void;
  readonly onClose: () => void;
}

/** "Confirm that it is you": by password, code or passkey, as the account has them. */
export function ReauthDialog({ onProved, onClose }: ReauthDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const methods = useQuery({ queryKey: ["reauthenticate"], queryFn: () => api.proofMethods(), gcTime: 0 });
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={t("signIn.reauthTitle")}
      description={t("signIn.reauthLead")}
      className="max-w-sm"
    >
      {methods.isPending ? (
        <SkeletonRows count={2} />
      ) : methods.isError ? (
        <FailureState title={errorText(t, methods.error)} {...{ onRetry: () => void methods.refetch() }} />
      ) : (
        <ProofForm methods={methods.data.filter((one) => one !== "passkey" || passkeysWork())} onProved={onProved} />
      )}
    </Dialog>
  );
}

function ProofForm({ methods, onProved }: { methods: ProofMethods; onProved: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const { username } = useUser();
  const [method, setMethod] = useState(methods[0]);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  if (method === undefined) return <p className="text-sm">{t("signIn.reauthNone")}</p>;

  const prove = async (body: () => Promise<Proof>): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await api.prove(await body());
      onProved();
    } catch (error) {
      setFailure(proofText(t, error));
      setCode("");
      setBusy(false);
    }
  };
  const byPasskey = async (): Promise<Proof> => {
    const { token, options } = await api.proofOptions();
    return { token, response: await askPasskey(options) };
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (busy) return;
    if (method === "password") void prove(async () => ({ password }));
    else if (method === "totp") void prove(async () => ({ code }));
    else void prove(byPasskey);
  };
  const ready = method === "password" ? password !== "" : method === "totp" ? code.length === TOTP_DIGITS : true;
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      {/* Lets password managers know whose password it is. */}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <MethodTabs
        methods={methods}
        method={method}
        onChange={(next) => {
          setMethod(next);
          setFailure(undefined);
        }}
      />
      {method === "password" && (
        <Field label={t("auth.password")} error={failure}>
          {(control) => (
            <PasswordInput
              {...control}
              name="password"
              autoFocus
              autoComplete="current-password"
              value={password}
              onChange={setPassword}
            />
          )}
        </Field>
      )}
      {method === "totp" && (
        <Field label={t("signIn.code")} hint={t("signIn.totpHint")} error={failure}>
          {(control) => (
            <CodeInput
              {...control}
              kind="totp"
              value={code}
              onChange={setCode}
              onComplete={(complete) => void prove(async () => ({ code: complete }))}
            />
          )}
        </Field>
      )}
      {method === "passkey" && (
        <p role={failure === undefined ? undefined : "alert"} className="text-fg-soft text-sm">
          {failure ?? t("signIn.passkeyHint")}
        </p>
      )}
      <Button type="submit" variant="primary" busy={busy} disabled={!ready} className="h-9">
        {method === "passkey" && !busy && <KeyRound aria-hidden="true" />}
        {method === "passkey" ? t("signIn.usePasskey") : t("signIn.confirm")}
      </Button>
    </form>
  );
}
