import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TotpSetup as Setup } from "../../../shared/api/identity.ts";
import type { PasskeyOptions } from "../../api/identity-endpoints.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { AuthFrame } from "./auth-frame.tsx";
import { isOver, type SignInAnswer, type StepProps } from "./factor-step.tsx";
import { MethodTabs } from "./method-tabs.tsx";
import { makePasskey, passkeysWork } from "./passkey.ts";
import { PasskeyForm } from "./passkey-form.tsx";
import { proofText } from "./proof-text.ts";
import { TotpSetup } from "./totp-setup.tsx";

/** The role asks for a second factor and the account has none: it is set up before anything else opens. */
export function EnrolStep({ step, onAnswer, onBack }: StepProps): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  const { token, username } = step;
  const methods = step.methods.filter((one) => one === "totp" || (one === "passkey" && passkeysWork()));
  const [method, setMethod] = useState(methods[0] ?? "totp");
  const setup = useQuery({
    // Of this sign-in only, and never kept: it holds the key.
    queryKey: ["auth", "enrol", token],
    queryFn: () => session.ask<Setup>("/auth/enrol/totp/start", { token }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: method === "totp",
  });

  /** What the form does not show itself: that this sign-in is over. */
  const finish = async (run: () => Promise<SignInAnswer>): Promise<void> => {
    try {
      onAnswer(await run());
    } catch (error) {
      if (isOver(error)) onBack(proofText(t, error));
      throw error;
    }
  };
  const byPasskey = (name: string): Promise<void> =>
    finish(async () => {
      const { options } = await session.ask<PasskeyOptions>("/auth/enrol/passkey/options", { token });
      return session.ask("/auth/enrol/passkey", { token, name, response: await makePasskey(options) });
    });
  return (
    <AuthFrame title={t("signIn.enrolTitle")} lead={t("signIn.enrolLead", { name: username })}>
      <div className="flex flex-col gap-4">
        <MethodTabs methods={methods} method={method} onChange={setMethod} />
        {method === "passkey" ? (
          <PasskeyForm onCreate={byPasskey} />
        ) : setup.isPending ? (
          <SkeletonRows count={6} />
        ) : setup.isError ? (
          <FailureState title={errorText(t, setup.error)} onRetry={() => void setup.refetch()} />
        ) : (
          <TotpSetup
            setup={setup.data}
            onCode={(code) => finish(() => session.ask("/auth/enrol/totp", { token, code }))}
          />
        )}
      </div>
      <Button variant="ghost" size="sm" className="mt-3" onClick={() => onBack()}>
        {t("signIn.back")}
      </Button>
    </AuthFrame>
  );
}
