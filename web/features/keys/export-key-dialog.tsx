import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { publicJwk } from "../../../shared/evidence/signature.ts";
import { ApiError } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, inputClass, Select } from "../../ui/field.tsx";
import { saveFile } from "../audit/save-file.ts";
import { PasswordInput } from "../auth/password-input.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { OwnPassword, useHasPassword } from "./own-password.tsx";

export interface WantedKey {
  readonly cameraId: string;
  readonly camera: string;
  readonly utcDay: string;
}

const MIN_PASSPHRASE = 12;

/** Undefined: not such a key. */
function publicKeyIn(text: string) {
  try {
    return publicJwk.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A day's key of a camera, for somebody: wrapped for their public key or by a passphrase. */
export function ExportKeyDialog({
  wanted,
  onClose,
}: {
  readonly wanted: WantedKey;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const hasPassword = useHasPassword();
  const formId = useId();
  const [kind, setKind] = useState<"passphrase" | "public-key">("passphrase");
  const [passphrase, setPassphrase] = useState("");
  const [keyText, setKeyText] = useState("");
  const [reason, setReason] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [wrong, setWrong] = useState<string>();
  const { cameraId, camera, utcDay } = wanted;
  const publicKey = publicKeyIn(keyText);
  const recipient =
    kind === "passphrase"
      ? passphrase.length >= MIN_PASSPHRASE
        ? ({ kind, passphrase } as const)
        : undefined
      : publicKey && ({ kind, publicKey } as const);
  const ready = recipient !== undefined && reason.trim() !== "" && (!hasPassword || password !== "");

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (recipient === undefined || !ready) return;
    setBusy(true);
    setFailure(undefined);
    setWrong(undefined);
    try {
      const order = { cameraId, utcDay, reason, recipient, ...(hasPassword ? { password } : {}) };
      const file = await reauth(() => api.exportVideoKey(order));
      const content = new Blob([`${JSON.stringify(file, undefined, 2)}\n`], { type: "application/json" });
      saveFile(content, `key-${utcDay}-${cameraId.slice(0, 8)}.json`);
      toast.success(t("keys.exported"));
      onClose();
    } catch (error) {
      const text = errorText(t, error);
      if (error instanceof ApiError && error.code === "auth.wrong_password") setWrong(text);
      else setFailure(text);
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={t("keys.exportTitle")}
      description={t("keys.exportLead", { camera, day: utcDay })}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={!ready}>
            {t("keys.exportAction")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate className="flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
        <Field label={t("keys.reason")} hint={t("keys.reasonHint")}>
          {(control) => (
            <Input {...control} autoFocus maxLength={500} value={reason} onChange={(e) => setReason(e.target.value)} />
          )}
        </Field>
        <Field label={t("keys.recipient")}>
          {(control) => (
            <Select
              {...control}
              value={kind}
              onChange={(e) => setKind(e.target.value === "passphrase" ? "passphrase" : "public-key")}
            >
              <option value="passphrase">{t("keys.recipients.passphrase")}</option>
              <option value="public-key">{t("keys.recipients.public-key")}</option>
            </Select>
          )}
        </Field>
        {kind === "passphrase" ? (
          <Field label={t("keys.passphrase")} hint={t("keys.passphraseHint")}>
            {(control) => (
              <PasswordInput {...control} autoComplete="new-password" value={passphrase} onChange={setPassphrase} />
            )}
          </Field>
        ) : (
          <Field
            label={t("keys.publicKey")}
            error={keyText !== "" && publicKey === undefined ? t("keys.badPublicKey") : undefined}
          >
            {(control) => (
              <textarea
                {...control}
                rows={4}
                spellCheck={false}
                className={`${inputClass} h-auto py-1.5 font-mono text-xs`}
                value={keyText}
                onChange={(e) => setKeyText(e.target.value)}
              />
            )}
          </Field>
        )}
        {hasPassword && <OwnPassword value={password} error={wrong} onChange={setPassword} />}
        {failure !== undefined && (
          <p role="alert" className="text-danger text-sm">
            {failure}
          </p>
        )}
      </form>
    </Dialog>
  );
}
