import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { fieldMessage, isAtField } from "../../api/api-error.ts";
import { queryKeys } from "../../api/queries.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { TextField } from "../../ui/field.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";

/** An account for programs: it has tokens and never signs in. Its password is made here and known to nobody. */
export function ServiceAccountDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const [username, setUsername] = useState("");
  const name = username.trim();
  const form = useSubmit(async () => {
    const account = { username: name, password: unknownPassword(), role: "api-only" } as const;
    await reauth(() => api.createUser(account));
    await queries.invalidateQueries({ queryKey: queryKeys.users });
    toast.success(t("tokens.accountAdded", { name }));
    onClose();
  });

  return (
    <FormDialog
      form={form}
      title={t("tokens.addAccount")}
      description={t("tokens.accountLead")}
      action={t("common.add")}
      ready={name.length >= 3}
      atField={isAtField(form.error, ["username"])}
      onClose={onClose}
    >
      <TextField
        label={t("auth.username")}
        error={fieldMessage(form.error, "username")}
        autoFocus
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        maxLength={64}
        value={username}
        onChange={setUsername}
      />
    </FormDialog>
  );
}

/** 256 random bits. */
function unknownPassword(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
