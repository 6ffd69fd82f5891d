import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { SignedInSession, SignInStep } from "../../../shared/api/identity.ts";
import { ApiError } from "../../api/api-error.ts";
import { Splash } from "../../app/error-pages.tsx";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { takeReturn } from "./return-after-provider.ts";

interface ProviderReturnProps {
  /** `done`, or the code of what went wrong. */
  readonly outcome: string;
  /** Somebody who was signed in before has bound their account to the provider. */
  readonly signedIn: boolean;
  readonly onStep: (step: SignInStep) => void;
  readonly onSession: (session: SignedInSession) => void;
  readonly onFailure: (text: string) => void;
  readonly onReturn: (path: string) => void;
}

/** The browser is back from the provider: asks our server once who it was, and leaves the word out of the address. */
export function ProviderReturn(props: ProviderReturnProps): ReactNode {
  const { outcome, signedIn, onStep, onSession, onFailure, onReturn } = props;
  const { t } = useTranslation();
  const { session } = useServices();
  const navigate = useNavigate();
  const begun = useRef(false);

  const finish = async (): Promise<void> => {
    const back = takeReturn();
    onReturn(back);
    try {
      // Its words are ours; a code from the address is only looked up, never shown.
      if (outcome !== "done") throw new ApiError(outcome, "the provider did not sign you in", { status: 500 });
      const answer = await session.ask<SignedInSession | SignInStep | undefined>("/auth/oidc/finish", {});
      if (answer === undefined) toast.success(t("account.providerLinked"));
      else if ("step" in answer) onStep(answer);
      else onSession(answer);
    } catch (error) {
      if (signedIn) toast.error(errorText(t, error));
      else onFailure(errorText(t, error));
    }
    if (signedIn) await navigate({ href: back, replace: true });
    else await navigate({ to: "/sign-in", search: back === "/" ? {} : { from: back }, replace: true });
  };
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    void finish();
  });
  return <Splash />;
}
