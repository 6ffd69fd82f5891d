import { useQueryClient } from "@tanstack/react-query";
import { Copy, Pencil, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AccessRole } from "../../../../shared/api/access.ts";
import { errorText } from "../../../app/error-text.ts";
import { useServices } from "../../../app/services.ts";
import { Button } from "../../../ui/button.tsx";
import { cn } from "../../../ui/cn.ts";
import { Confirm } from "../../../ui/confirm.tsx";
import { Select } from "../../../ui/field.tsx";
import { Page } from "../../../ui/page.tsx";
import { FailureState, SkeletonRows } from "../../../ui/states.tsx";
import { useReauth } from "../../auth/reauth-provider.tsx";
import { roleName } from "../grants/access-text.ts";
import { refreshAccess, useRoles } from "../grants/use-access.ts";
import { PermissionList } from "./permission-list.tsx";
import { RoleDialog } from "./role-dialog.tsx";
import { RoleHolders } from "./role-holders.tsx";

type Opened = { readonly what: "add" } | { readonly what: "edit" | "copy" | "remove"; readonly role: AccessRole };

/** The roles there are: what each gives, and who has it. */
export function RolesPage(): ReactNode {
  const { t } = useTranslation();
  const roles = useRoles();
  const [chosenId, setChosenId] = useState("administrator");
  const [opened, setOpened] = useState<Opened>();
  const list = roles.data ?? [];
  const chosen = list.find(({ id }) => id === chosenId) ?? list[0];
  const close = (): void => setOpened(undefined);
  const onSaved = ({ id }: AccessRole): void => {
    setChosenId(id);
    close();
  };
  return (
    <Page
      title={t("access.roles.title")}
      lead={t("access.roles.lead")}
      actions={
        <Button variant="primary" onClick={() => setOpened({ what: "add" })}>
          <Plus aria-hidden="true" />
          {t("access.roles.add")}
        </Button>
      }
    >
      {roles.isPending ? (
        <SkeletonRows count={5} />
      ) : chosen === undefined ? (
        <FailureState
          title={t("access.roles.failed")}
          lead={errorText(t, roles.error)}
          onRetry={() => void roles.refetch()}
        />
      ) : (
        <div className="flex flex-col gap-4 lg:flex-row lg:gap-6">
          <RoleList roles={list} chosen={chosen} onChoose={setChosenId} />
          <RoleDetail role={chosen} roles={list} onOpen={setOpened} />
        </div>
      )}
      {opened?.what === "add" && <RoleDialog onSaved={onSaved} onClose={close} />}
      {opened?.what === "edit" && <RoleDialog role={opened.role} onSaved={onSaved} onClose={close} />}
      {opened?.what === "copy" && (
        <RoleDialog
          from={{ ...opened.role, name: t("access.roles.copyOf", { name: roleName(t, opened.role.id, list) }) }}
          onSaved={onSaved}
          onClose={close}
        />
      )}
      {opened?.what === "remove" && <RemoveRole role={opened.role} onClose={close} />}
    </Page>
  );
}

interface RoleListProps {
  readonly roles: readonly AccessRole[];
  readonly chosen: AccessRole;
  readonly onChoose: (id: string) => void;
}

function RoleList({ roles, chosen, onChoose }: RoleListProps): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <Select
        aria-label={t("access.roles.list")}
        className="lg:hidden"
        value={chosen.id}
        onChange={(event) => onChoose(event.target.value)}
      >
        {roles.map(({ id }) => (
          <option key={id} value={id}>
            {roleName(t, id, roles)}
          </option>
        ))}
      </Select>
      <ul aria-label={t("access.roles.list")} className="w-60 shrink-0 max-lg:hidden">
        {roles.map((role) => (
          <li key={role.id}>
            <button
              type="button"
              aria-pressed={role.id === chosen.id}
              onClick={() => onChoose(role.id)}
              className={cn(
                "flex h-8 w-full items-center gap-2 rounded-md px-2.5 text-left text-sm hover:bg-hover",
                role.id === chosen.id && "bg-active hover:bg-active",
              )}
            >
              <span className="truncate">{roleName(t, role.id, roles)}</span>
              {role.builtin && <span className="ml-auto text-2xs text-fg-muted">{t("access.roles.builtin")}</span>}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

interface RoleDetailProps {
  readonly role: AccessRole;
  readonly roles: readonly AccessRole[];
  readonly onOpen: (opened: Opened) => void;
}

function RoleDetail({ role, roles, onOpen }: RoleDetailProps): ReactNode {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="role-name" className="flex min-w-0 max-w-4xl flex-1 flex-col gap-4">
      <div className="flex flex-wrap items-center gap-2">
        <div className="min-w-0">
          <h2 id="role-name" className="font-semibold text-base [overflow-wrap:anywhere]">
            {roleName(t, role.id, roles)}
          </h2>
          <p className="text-fg-muted text-xs">{role.builtin ? t("access.roles.builtinLead") : role.description}</p>
        </div>
        <div className="ml-auto flex gap-2 max-sm:ml-0">
          <Button size="sm" onClick={() => onOpen({ what: "copy", role })}>
            <Copy aria-hidden="true" />
            {t("access.roles.copy")}
          </Button>
          {!role.builtin && (
            <>
              <Button size="sm" onClick={() => onOpen({ what: "edit", role })}>
                <Pencil aria-hidden="true" />
                {t("access.roles.edit")}
              </Button>
              <Button
                size="sm"
                disabled={role.grants > 0}
                title={role.grants > 0 ? t("access.roles.inUse") : undefined}
                onClick={() => onOpen({ what: "remove", role })}
              >
                <Trash2 aria-hidden="true" />
                {t("access.roles.remove")}
              </Button>
            </>
          )}
        </div>
      </div>
      {role.permissions.length === 0 && <p className="text-sm text-warn">{t("access.roles.nothing")}</p>}
      <RoleHolders role={role} />
      <PermissionList held={new Set(role.permissions)} />
    </section>
  );
}

function RemoveRole({ role, onClose }: { readonly role: AccessRole; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  return (
    <Confirm
      title={t("access.roles.removeTitle", { name: role.name })}
      lead={t("access.roles.removeLead")}
      action={t("common.remove")}
      describeFailure={(error) => errorText(t, error)}
      onConfirm={async () => {
        await reauth(() => api.removeRole(role.id));
        toast.success(t("access.roles.removed", { name: role.name }));
        await refreshAccess(queries);
      }}
      onClose={onClose}
    />
  );
}
