import { Copy } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { TotpSetup as Setup } from "../../../shared/api/identity.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { CodeInput, TOTP_DIGITS } from "./code-input.tsx";
import { proofText } from "./proof-text.ts";
import { QrCode } from "./qr-code.tsx";

interface TotpSetupProps {
  readonly setup: Setup;
  /** Sends the first code; a rejection is shown here. */
  readonly onCode: (code: string) => Promise<void>;
}

/** The QR code, the same key for typing in, and the first code as proof that the app has it. */
export function TotpSetup({ setup, onCode }: TotpSetupProps): ReactNode {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const send = async (complete: string): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await onCode(complete);
    } catch (error) {
      setFailure(proofText(t, error));
      setCode("");
      setBusy(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (code.length === TOTP_DIGITS) void send(code);
  };
  const copy = (): void => {
    void navigator.clipboard.writeText(setup.secret).then(
      () => toast.success(t("signIn.codesCopied")),
      () => undefined,
    );
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={submit}>
      <p className="text-fg-soft text-sm">{t("signIn.scan")}</p>
      <div className="flex justify-center">
        <QrCode text={setup.uri} label={t("signIn.qrLabel")} />
      </div>
      <div className="text-fg-muted text-xs">
        {t("signIn.typeInstead")}
        <div className="mt-1 flex items-center gap-1">
          <code className="min-w-0 flex-1 select-all break-all rounded-md bg-ground px-2 py-1 text-fg">
            {setup.secret.replace(/(.{4})(?=.)/g, "$1 ")}
          </code>
          <IconButton label={t("signIn.keyCopy")} onClick={copy}>
            <Copy aria-hidden="true" />
          </IconButton>
        </div>
      </div>
      <Field label={t("signIn.code")} hint={t("signIn.totpHint")} error={failure}>
        {(control) => (
          <CodeInput
            {...control}
            kind="totp"
            value={code}
            onChange={setCode}
            onComplete={(complete) => void send(complete)}
          />
        )}
      </Field>
      <Button type="submit" variant="primary" busy={busy} disabled={code.length < TOTP_DIGITS} className="h-9">
        {t("signIn.confirm")}
      </Button>
    </form>
  );
}
