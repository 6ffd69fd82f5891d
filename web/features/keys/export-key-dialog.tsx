import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { publicJwk } from "../../../shared/evidence/signature.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Field, inputClass, Select, TextField } from "../../ui/field.tsx";
import { saveFile } from "../audit/save-file.ts";
import { PasswordInput } from "../auth/password-input.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { isWrongPassword, OwnPassword, useHasPassword } from "./own-password.tsx";

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
  const [kind, setKind] = useState<"passphrase" | "public-key">("passphrase");
  const [passphrase, setPassphrase] = useState("");
  const [keyText, setKeyText] = useState("");
  const [reason, setReason] = useState("");
  const [password, setPassword] = useState("");
  const { cameraId, camera, utcDay } = wanted;
  const publicKey = publicKeyIn(keyText);
  const recipient =
    kind === "passphrase"
      ? passphrase.length >= MIN_PASSPHRASE
        ? ({ kind, passphrase } as const)
        : undefined
      : publicKey && ({ kind, publicKey } as const);
  const form = useSubmit(async () => {
    if (recipient === undefined) return;
    const order = { cameraId, utcDay, reason, recipient, ...(hasPassword ? { password } : {}) };
    const file = await reauth(() => api.exportVideoKey(order));
    const content = new Blob([`${JSON.stringify(file, undefined, 2)}\n`], { type: "application/json" });
    saveFile(content, `key-${utcDay}-${cameraId.slice(0, 8)}.json`);
    toast.success(t("keys.exported"));
    onClose();
  });

  return (
    <FormDialog
      form={form}
      title={t("keys.exportTitle")}
      description={t("keys.exportLead", { camera, day: utcDay })}
      action={t("keys.exportAction")}
      ready={recipient !== undefined && reason.trim() !== "" && (!hasPassword || password !== "")}
      atField={isWrongPassword(form.error)}
      onClose={onClose}
    >
      <TextField
        label={t("keys.reason")}
        hint={t("keys.reasonHint")}
        autoFocus
        maxLength={500}
        value={reason}
        onChange={setReason}
      />
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
      {hasPassword && <OwnPassword value={password} error={form.error} onChange={setPassword} />}
    </FormDialog>
  );
}
