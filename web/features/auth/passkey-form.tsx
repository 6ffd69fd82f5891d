import { Fingerprint } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { proofText } from "./proof-text.ts";

interface PasskeyFormProps {
  readonly onCreate: (name: string) => Promise<void>;
}

/** A name for the new passkey; the browser asks the rest. */
export function PasskeyForm({ onCreate }: PasskeyFormProps): ReactNode {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await onCreate(name.trim());
    } catch (error) {
      setFailure(proofText(t, error));
      setBusy(false);
    }
  };
  return (
    <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
      <p className="text-fg-soft text-sm">{t("signIn.passkeyHint")}</p>
      <Field label={t("signIn.passkeyName")} hint={t("signIn.passkeyNameHint")} error={failure}>
        {(control) => (
          <Input
            {...control}
            name="passkey-name"
            autoFocus
            autoComplete="off"
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" variant="primary" busy={busy} disabled={name.trim() === ""} className="h-9">
        {!busy && <Fingerprint aria-hidden="true" />}
        {t("signIn.createPasskey")}
      </Button>
    </form>
  );
}
