import { useQueryClient } from "@tanstack/react-query";
import { Fingerprint, Plus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { MfaStatus, Passkey } from "../../../shared/api/identity.ts";
import { errorText } from "../../app/error-text.ts";
import { RenameDialog } from "../../app/rename-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Card, CardRow } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { makePasskey, passkeysWork } from "../auth/passkey.ts";
import { PasskeyForm } from "../auth/passkey-form.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { CodesDialog } from "./factors-card.tsx";
import { accountKeys, useSignInOptions } from "./use-account.ts";

type Open =
  | { readonly what: "add" }
  | { readonly what: "codes"; readonly codes: readonly string[] }
  | { readonly what: "rename" | "remove"; readonly passkey: Passkey };

interface PasskeysCardProps {
  readonly mfa: MfaStatus;
  readonly username: string;
}

export function PasskeysCard({ mfa, username }: PasskeysCardProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const possible = useSignInOptions().data?.passkeys === true && passkeysWork();
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  const reload = (): Promise<void> => queries.invalidateQueries({ queryKey: accountKeys.mfa });
  const date = new Intl.DateTimeFormat(i18n.resolvedLanguage, { dateStyle: "medium" });
  const day = (instant: string | null): string =>
    instant === null ? t("common.never") : date.format(new Date(instant));

  const add = async (name: string): Promise<void> => {
    const { token, options } = await reauth(() => api.newPasskeyOptions());
    const { recoveryCodes } = await api.addPasskey(token, name, await makePasskey(options));
    await reload();
    toast.success(t("account.passkeyAdded"));
    setOpen(recoveryCodes === undefined ? undefined : { what: "codes", codes: recoveryCodes });
  };
  const remove = async (passkey: Passkey): Promise<void> => {
    await reauth(() => api.removePasskey(passkey.id));
    await reload();
  };
  const rename = async (passkey: Passkey, name: string): Promise<void> => {
    await api.renamePasskey(passkey.id, name);
    await reload();
    close();
  };
  return (
    <Card
      title={t("account.passkeys")}
      lead={possible ? t("account.passkeysLead") : t("account.passkeysHost")}
      actions={
        possible && (
          <Button size="sm" onClick={() => setOpen({ what: "add" })}>
            <Plus aria-hidden="true" />
            {t("account.passkeyAdd")}
          </Button>
        )
      }
    >
      {mfa.passkeys.length === 0 ? (
        <p className="text-fg-muted text-sm">{t("account.passkeysNone")}</p>
      ) : (
        <ul>
          {mfa.passkeys.map((passkey) => (
            <CardRow
              key={passkey.id}
              icon={<Fingerprint />}
              title={passkey.name}
              note={[
                passkey.host,
                t("account.passkeyUsed", { when: day(passkey.lastUsedAt) }),
                ...(passkey.synced ? [t("account.passkeySynced")] : []),
              ].join(" · ")}
            >
              <Button size="sm" variant="ghost" onClick={() => setOpen({ what: "rename", passkey })}>
                {t("account.passkeyRename")}
              </Button>
              <Button size="sm" variant="ghost" onClick={() => setOpen({ what: "remove", passkey })}>
                {t("common.remove")}
              </Button>
            </CardRow>
          ))}
        </ul>
      )}
      {open?.what === "add" && (
        <Dialog open modalToClicks onOpenChange={close} title={t("account.passkeyAdd")} className="max-w-sm">
          <PasskeyForm onCreate={add} />
        </Dialog>
      )}
      {open?.what === "codes" && <CodesDialog codes={open.codes} username={username} onClose={close} />}
      {open?.what === "rename" && (
        <RenameDialog
          title={t("account.passkeyRename")}
          action={t("common.save")}
          name={open.passkey.name}
          onRename={(name) => rename(open.passkey, name)}
          onClose={close}
        />
      )}
      {open?.what === "remove" && (
        <Confirm
          title={t("account.passkeyRemoveTitle", { name: open.passkey.name })}
          lead={t("account.passkeyRemoveLead")}
          action={t("common.remove")}
          onConfirm={() => remove(open.passkey)}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
    </Card>
  );
}
