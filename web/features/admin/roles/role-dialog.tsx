import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AccessRole, Permission } from "../../../../shared/api/access.ts";
import { fieldText } from "../../../app/error-text.ts";
import { FormDialog } from "../../../app/form-dialog.tsx";
import { useServices } from "../../../app/services.ts";
import { useSubmit } from "../../../app/use-submit.ts";
import { useReauth } from "../../auth/reauth-provider.tsx";
import { NameFields } from "../grants/name-fields.tsx";
import { refreshAccess } from "../grants/use-access.ts";
import { PermissionList } from "./permission-list.tsx";

interface RoleDialogProps {
  /** The one to change; undefined: a new one. */
  readonly role?: AccessRole;
  /** What a new one begins with. */
  readonly from?: { readonly name: string; readonly description: string; readonly permissions: readonly Permission[] };
  readonly onSaved: (role: AccessRole) => void;
  readonly onClose: () => void;
}

export function RoleDialog({ role, from, onSaved, onClose }: RoleDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const start = role ?? from;
  const [name, setName] = useState(start?.name ?? "");
  const [description, setDescription] = useState(start?.description ?? "");
  const [held, setHeld] = useState<ReadonlySet<Permission>>(new Set(start?.permissions ?? ["live.view"]));

  const form = useSubmit(async () => {
    const body = { name: name.trim(), description, permissions: [...held] };
    const saved = await reauth(() => (role === undefined ? api.createRole(body) : api.updateRole(role.id, body)));
    await refreshAccess(queries);
    toast.success(t("access.roles.saved", { name: saved.name }));
    onSaved(saved);
  });

  const nameError = fieldText(t, form.error, "name");
  return (
    <FormDialog
      form={form}
      title={role === undefined ? t("access.roles.addTitle") : t("access.roles.editTitle", { name: role.name })}
      action={role === undefined ? t("common.add") : t("common.save")}
      ready={name.trim() !== ""}
      atField={nameError !== undefined}
      note={
        role !== undefined &&
        role.grants > 0 && (
          <p className="mr-auto text-fg-muted text-xs">{t("access.roles.holdsAtOnce", { count: role.grants })}</p>
        )
      }
      className="max-w-3xl"
      onClose={onClose}
    >
      <NameFields
        name={name}
        nameError={nameError}
        autoFocus
        description={description}
        onName={(text) => {
          setName(text);
          form.clearError();
        }}
        onDescription={setDescription}
      />
      <PermissionList held={held} onChange={setHeld} />
    </FormDialog>
  );
}
