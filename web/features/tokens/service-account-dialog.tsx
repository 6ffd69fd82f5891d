import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { fieldMessage } from "../../api/api-error.ts";
import { queryKeys } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";

/** An account for programs: it has tokens and never signs in. Its password is made here and known to nobody. */
export function ServiceAccountDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const formId = useId();
  const [username, setUsername] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const name = username.trim();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (name.length < 3) return;
    setBusy(true);
    setError(undefined);
    try {
      const account = { username: name, password: unknownPassword(), role: "api-only" } as const;
      await reauth(() => api.createUser(account));
      await queries.invalidateQueries({ queryKey: queryKeys.users });
      toast.success(t("tokens.accountAdded", { name }));
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  const fault = fieldMessage(error, "username");
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(next) => !next && onClose()}
      title={t("tokens.addAccount")}
      description={t("tokens.accountLead")}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={name.length < 3}>
            {t("common.add")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {error !== undefined && fault === undefined && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, error)}
          </p>
        )}
        <Field label={t("auth.username")} error={fault}>
          {(control) => (
            <Input
              {...control}
              autoFocus
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              maxLength={64}
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}

/** 256 random bits. */
function unknownPassword(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
