import { useRouter, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { SignedInSession, SignInStep } from "../../../shared/api/identity.ts";
import { Splash } from "../../app/error-pages.tsx";
import { safeReturnPath } from "../../app/return-path.ts";
import { useServices, useSession } from "../../app/services.ts";
import { AuthFrame } from "./auth-frame.tsx";
import { EnrolStep } from "./enrol-step.tsx";
import { FactorStep, type SignInAnswer } from "./factor-step.tsx";
import { NewPasswordStep } from "./new-password-step.tsx";
import { PasswordStep } from "./password-step.tsx";
import { ProviderReturn } from "./provider-return.tsx";
import { RecoveryCodes } from "./recovery-codes.tsx";

const steps = { "second-factor": FactorStep, enrol: EnrolStep, "new-password": NewPasswordStep } as const;

type At =
  | { readonly name: "password"; readonly failed?: string | undefined }
  | { readonly name: "step"; readonly step: SignInStep }
  | { readonly name: "codes"; readonly session: SignedInSession; readonly codes: readonly string[] };

/**
 * Signing in, step by step: password, passkey or provider; then a second factor, or setting one up; then another
 * password where somebody else made it; then the recovery codes.
 */
export function SignInPage(): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  const state = useSession();
  const { from, oidc } = useSearch({ from: "/sign-in" });
  const [at, setAt] = useState<At>({ name: "password" });
  const [back, setBack] = useState(() => safeReturnPath(from));

  const onSession = (opened: SignedInSession): void => {
    const { recoveryCodes } = opened;
    if (recoveryCodes === undefined) session.enter(opened);
    else setAt({ name: "codes", session: opened, codes: recoveryCodes });
  };
  const onStep = (step: SignInStep): void => setAt({ name: "step", step });
  const onAnswer = (answer: SignInAnswer): void => ("step" in answer ? onStep(answer) : onSession(answer));
  const onBack = (failed?: string): void => setAt({ name: "password", failed });

  if (state.status === "restoring") return <Splash />;
  if (oidc !== undefined) {
    return (
      <ProviderReturn
        outcome={oidc}
        onStep={onStep}
        onSession={onSession}
        onFailure={onBack}
        onReturn={setBack}
        signedIn={state.status === "signed-in"}
      />
    );
  }
  if (state.status === "signed-in") return <ToPage path={back} />;

  const reason = state.status === "signed-out" ? state.reason : "none";
  const notice = reason === "expired" ? t("auth.expired") : reason === "signed-out" ? t("auth.signedOut") : undefined;
  switch (at.name) {
    case "password":
      return <PasswordStep {...{ notice, onStep, onSession }} failed={at.failed} from={back} />;
    case "step": {
      const Step = steps[at.step.step];
      return <Step key={at.step.token} step={at.step} onAnswer={onAnswer} onBack={onBack} />;
    }
    case "codes":
      return (
        <AuthFrame title={t("signIn.codesTitle")} lead={t("signIn.codesLead")}>
          <RecoveryCodes
            codes={at.codes}
            username={at.session.user.username}
            onDone={() => session.enter(at.session)}
          />
        </AuthFrame>
      );
  }
}

function ToPage({ path }: { readonly path: string }): ReactNode {
  const router = useRouter();
  useEffect(() => router.history.replace(path), [router, path]);
  return null;
}
