import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AccessRole, Permission } from "../../../../shared/api/access.ts";
import { errorText, fieldText } from "../../../app/error-text.ts";
import { useServices } from "../../../app/services.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Field, Input } from "../../../ui/field.tsx";
import { useReauth } from "../../auth/reauth-provider.tsx";
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
  const formId = useId();
  const start = role ?? from;
  const [name, setName] = useState(start?.name ?? "");
  const [description, setDescription] = useState(start?.description ?? "");
  const [held, setHeld] = useState<ReadonlySet<Permission>>(new Set(start?.permissions ?? ["live.view"]));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (name.trim() === "") return;
    setBusy(true);
    try {
      const body = { name: name.trim(), description, permissions: [...held] };
      const saved = await reauth(() => (role === undefined ? api.createRole(body) : api.updateRole(role.id, body)));
      await refreshAccess(queries);
      toast.success(t("access.roles.saved", { name: saved.name }));
      onSaved(saved);
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  const nameError = fieldText(t, error, "name");
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={role === undefined ? t("access.roles.addTitle") : t("access.roles.editTitle", { name: role.name })}
      className="max-w-3xl"
      footer={
        <>
          {role !== undefined && role.grants > 0 && (
            <p className="mr-auto text-fg-muted text-xs">{t("access.roles.holdsAtOnce", { number: role.grants })}</p>
          )}
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={name.trim() === ""}>
            {role === undefined ? t("common.add") : t("common.save")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {error !== undefined && nameError === undefined && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("common.name")} error={nameError}>
            {(control) => (
              <Input
                {...control}
                autoFocus
                autoComplete="off"
                maxLength={100}
                value={name}
                onChange={(event) => {
                  setName(event.target.value);
                  setError(undefined);
                }}
              />
            )}
          </Field>
          <Field label={t("access.roles.description")} optional={t("common.optional")}>
            {(control) => (
              <Input
                {...control}
                autoComplete="off"
                maxLength={400}
                value={description}
                onChange={(event) => setDescription(event.target.value)}
              />
            )}
          </Field>
        </div>
        <PermissionList held={held} onChange={setHeld} />
      </form>
    </Dialog>
  );
}
