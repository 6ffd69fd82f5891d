import { Fingerprint } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Factor, SignedInSession, SignInStep } from "../../../shared/api/identity.ts";
import { ApiError } from "../../api/api-error.ts";
import type { PasskeyOptions } from "../../api/identity-endpoints.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { AuthFrame, FormError } from "./auth-frame.tsx";
import { CodeInput, TOTP_DIGITS } from "./code-input.tsx";
import { MethodTabs } from "./method-tabs.tsx";
import { askPasskey, passkeysWork } from "./passkey.ts";
import { proofText } from "./proof-text.ts";

/** What a step is answered with: the session, or one more step. */
export type SignInAnswer = SignedInSession | SignInStep;

export interface StepProps {
  readonly step: SignInStep;
  readonly onAnswer: (answer: SignInAnswer) => void;
  /** Begin again, with a reason to show. */
  readonly onBack: (reason?: string) => void;
}

/** The step took too long or had too many wrong answers: only beginning again helps. */
export function isOver(error: unknown): boolean {
  return error instanceof ApiError && error.code === "auth.flow_expired";
}

const LEAST_RECOVERY = 6;

/** The second step: a code, a passkey, or a recovery code. */
export function FactorStep({ step, onAnswer, onBack }: StepProps): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  const methods = step.methods.filter((one) => one !== "passkey" || passkeysWork());
  const [method, setMethod] = useState<Factor | undefined>(methods[0]);
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const { token, username } = step;

  const prove = async (run: () => Promise<SignInAnswer>): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      onAnswer(await run());
    } catch (error) {
      if (isOver(error)) onBack(proofText(t, error));
      else setFailure(proofText(t, error));
      setCode("");
      setBusy(false);
    }
  };
  const byCode = (text: string): Promise<void> =>
    prove(() =>
      session.ask(method === "recovery" ? "/auth/factor/recovery" : "/auth/factor/totp", { token, code: text }),
    );
  const byPasskey = (): Promise<void> =>
    prove(async () => {
      const { options } = await session.ask<PasskeyOptions>("/auth/factor/passkey/options", { token });
      return session.ask("/auth/factor/passkey", { token, response: await askPasskey(options) });
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void (method === "passkey" ? byPasskey() : byCode(code));
  };
  const ready =
    method === "passkey" || code.replace(/\W/g, "").length >= (method === "totp" ? TOTP_DIGITS : LEAST_RECOVERY);
  return (
    <AuthFrame title={t("signIn.secondTitle")} lead={t("signIn.secondLead", { name: username })}>
      {method === undefined ? (
        <FormError>{t("signIn.noMethods")}</FormError>
      ) : (
        <form className="flex flex-col gap-4" onSubmit={submit}>
          <MethodTabs
            methods={methods}
            method={method}
            onChange={(next) => {
              setMethod(next);
              setCode("");
              setFailure(undefined);
            }}
          />
          {method === "passkey" ? (
            <p role={failure === undefined ? undefined : "alert"} className="text-fg-soft text-sm">
              {failure ?? t("signIn.passkeyHint")}
            </p>
          ) : (
            <Field
              // The field of the chosen method takes the focus.
              key={method}
              label={t("signIn.code")}
              hint={method === "totp" ? t("signIn.totpHint") : t("signIn.recoveryHint")}
              error={failure}
            >
              {(control) => (
                <CodeInput
                  {...control}
                  kind={method === "totp" ? "totp" : "recovery"}
                  value={code}
                  onChange={setCode}
                  onComplete={(complete) => void byCode(complete)}
                />
              )}
            </Field>
          )}
          <Button
            key={`${method}-submit`}
            type="submit"
            variant="primary"
            autoFocus={method === "passkey"}
            busy={busy}
            disabled={!ready}
            className="h-9"
          >
            {method === "passkey" && !busy && <Fingerprint aria-hidden="true" />}
            {method === "passkey" ? t("signIn.usePasskey") : t("signIn.confirm")}
          </Button>
        </form>
      )}
      <Button variant="ghost" size="sm" className="mt-3" onClick={() => onBack()}>
        {t("signIn.back")}
      </Button>
    </AuthFrame>
  );
}
