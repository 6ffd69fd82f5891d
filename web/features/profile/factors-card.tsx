import { useQueryClient } from "@tanstack/react-query";
import { ShieldCheck, Smartphone, TicketCheck } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { MfaStatus, TotpSetup as Setup } from "../../../shared/api/identity.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Card, CardRow } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { RecoveryCodes } from "../auth/recovery-codes.tsx";
import { TotpSetup } from "../auth/totp-setup.tsx";
import { accountKeys } from "./use-account.ts";

type Open =
  | { readonly what: "setup"; readonly setup: Setup }
  | { readonly what: "codes"; readonly codes: readonly string[] }
  | { readonly what: "remove" | "renew" };

interface FactorsCardProps {
  readonly mfa: MfaStatus;
  readonly username: string;
}

/** The authenticator app and the recovery codes. */
export function FactorsCard({ mfa, username }: FactorsCardProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const [busy, setBusy] = useState(false);
  const close = (): void => setOpen(undefined);
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: accountKeys.mfa });
  const any = mfa.totp || mfa.passkeys.length > 0;

  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      setOpen({ what: "setup", setup: await reauth(() => api.startTotp()) });
    } catch (error) {
      toast.error(errorText(t, error));
    }
    setBusy(false);
  };
  const confirm = async (setup: Setup, code: string): Promise<void> => {
    const { recoveryCodes } = await api.confirmTotp(setup.token, code);
    await reload();
    if (recoveryCodes === undefined) {
      close();
      toast.success(t("account.appAdded"));
    } else setOpen({ what: "codes", codes: recoveryCodes });
  };
  const renew = async (): Promise<void> => {
    const { recoveryCodes } = await reauth(() => api.renewRecoveryCodes());
    await reload();
    // After the question is closed.
    queueMicrotask(() => setOpen({ what: "codes", codes: recoveryCodes }));
  };
  const remove = async (): Promise<void> => {
    await reauth(() => api.removeTotp());
    await reload();
  };
  return (
    <Card title={t("account.mfa")} lead={mfa.required ? t("account.mfaRequired") : t("account.mfaLead")}>
      <ul>
        <CardRow
          icon={mfa.totp ? <ShieldCheck className="text-ok" /> : <Smartphone />}
          title={t("account.app")}
          note={mfa.totp ? t("account.appOn") : t("account.appOff")}
        >
          <Button size="sm" busy={busy} onClick={() => void start()}>
            {mfa.totp ? t("account.appReplace") : t("account.appSetUp")}
          </Button>
          {mfa.totp && (
            <Button size="sm" variant="ghost" onClick={() => setOpen({ what: "remove" })}>
              {t("common.remove")}
            </Button>
          )}
        </CardRow>
        <CardRow
          icon={<TicketCheck />}
          title={t("account.codes")}
          note={any ? t("account.codesLeft", { number: mfa.recoveryCodesLeft }) : t("account.codesNone")}
        >
          {any && (
            <Button size="sm" onClick={() => setOpen({ what: "renew" })}>
              {t("account.codesRenew")}
            </Button>
          )}
        </CardRow>
      </ul>
      {open?.what === "setup" && (
        <Dialog open modalToClicks onOpenChange={close} title={t("account.app")} className="max-w-sm">
          <TotpSetup setup={open.setup} onCode={(code) => confirm(open.setup, code)} />
        </Dialog>
      )}
      {open?.what === "codes" && <CodesDialog codes={open.codes} username={username} onClose={close} />}
      {open?.what === "remove" && (
        <Confirm
          title={t("account.appRemoveTitle")}
          lead={t("account.appRemoveLead")}
          action={t("common.remove")}
          onConfirm={remove}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
      {open?.what === "renew" && (
        <Confirm
          title={t("account.codesRenewTitle")}
          lead={t("account.codesRenewLead")}
          action={t("account.codesRenew")}
          onConfirm={renew}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
    </Card>
  );
}

interface CodesDialogProps {
  readonly codes: readonly string[];
  readonly username: string;
  readonly onClose: () => void;
}

/** Not closed by a click beside it or Escape: the codes are shown this once. */
export function CodesDialog({ codes, username, onClose }: CodesDialogProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={() => undefined}
      title={t("signIn.codesTitle")}
      description={t("signIn.codesLead")}
      className="max-w-sm"
    >
      <RecoveryCodes codes={codes} username={username} onDone={onClose} />
    </Dialog>
  );
}
