import { useQueryClient } from "@tanstack/react-query";
import { EllipsisVertical, Pencil, Plus, ShieldAlert, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { User } from "../../../shared/api/schemas.ts";
import { queryKeys, useUsers } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { cellClass, headClass, Page, tableClass } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { UserDialog } from "./user-dialog.tsx";

type Open = { readonly what: "add" } | { readonly what: "edit" | "remove"; readonly user: User } | undefined;

export function UsersPage(): ReactNode {
  const { t } = useTranslation();
  const me = useUser();
  if (me.role !== "admin") {
    return (
      <main className="grid h-full place-items-center">
        <EmptyState icon={<ShieldAlert />} title={t("users.onlyAdmins")} />
      </main>
    );
  }
  return <UserList />;
}

function UserList(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const users = useUsers(api);
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  const remove = async (user: User): Promise<void> => {
    await api.removeUser(user.id);
    toast.success(t("users.removed", { name: user.username }));
    await queries.invalidateQueries({ queryKey: queryKeys.users });
  };
  return (
    <Page
      title={t("users.title")}
      lead={users.data && t("users.lead", { number: users.data.length })}
      actions={
        <Button variant="primary" onClick={() => setOpen({ what: "add" })}>
          <Plus aria-hidden="true" />
          {t("users.add")}
        </Button>
      }
    >
      {users.isPending ? (
        <SkeletonRows count={4} />
      ) : users.isError && users.data === undefined ? (
        <FailureState title={t("users.failed")} lead={errorText(t, users.error)} onRetry={() => void users.refetch()} />
      ) : (
        <UserTable users={users.data ?? []} onOpen={setOpen} />
      )}
      {open?.what === "add" && <UserDialog onClose={close} />}
      {open?.what === "edit" && <UserDialog user={open.user} onClose={close} />}
      {open?.what === "remove" && (
        <Confirm
          title={t("users.removeTitle", { name: open.user.username })}
          lead={t("users.removeLead")}
          action={t("common.remove")}
          onConfirm={() => remove(open.user)}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
    </Page>
  );
}

function UserTable({
  users,
  onOpen,
}: {
  readonly users: readonly User[];
  readonly onOpen: (open: Open) => void;
}): ReactNode {
  const { t, i18n } = useTranslation();
  const me = useUser();
  const when = new Intl.DateTimeFormat(i18n.resolvedLanguage, {
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  });
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("auth.username")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("users.displayName")}</th>
          <th className={headClass}>{t("users.role")}</th>
          <th className={cn(headClass, "max-md:hidden")}>{t("nav.cameras")}</th>
          <th className={cn(headClass, "max-md:hidden")}>{t("users.lastLogin")}</th>
          <th className={headClass}>{t("users.enabled")}</th>
          <th className={headClass}>
            <span className="sr-only">{t("common.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr
            key={user.id}
            className={cn("hover:bg-panel", !user.enabled && "text-fg-muted")}
            onDoubleClick={() => onOpen({ what: "edit", user })}
          >
            <td className={cn(cellClass, "font-medium [overflow-wrap:anywhere]")}>
              {user.username}
              {user.id === me.id && (
                <span className="ml-2 rounded-sm bg-active px-1.5 py-0.5 text-2xs text-fg-soft">{t("users.you")}</span>
              )}
            </td>
            <td className={cn(cellClass, "text-fg-soft max-sm:hidden")}>{user.displayName || "–"}</td>
            <td className={cn(cellClass, "whitespace-nowrap")}>{t(`roles.${user.role}`)}</td>
            <td className={cn(cellClass, "nums text-fg-soft max-md:hidden")}>
              {user.role === "viewer" ? user.cameraIds.length : t("users.allCameras")}
            </td>
            <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-md:hidden")}>
              {user.lastLoginAt === null ? t("common.never") : when.format(new Date(user.lastLoginAt))}
            </td>
            <td className={cellClass}>
              <span
                className={cn(
                  "flex items-center gap-1.5 whitespace-nowrap text-xs",
                  user.enabled ? "text-ok" : "text-fg-muted",
                )}
              >
                <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
                {user.enabled ? t("users.enabled") : t("users.disabled")}
              </span>
            </td>
            <td className={cn(cellClass, "w-10 py-0.5 text-right")}>
              <Menu
                trigger={
                  <Button variant="ghost" size="icon" aria-label={`${t("common.actions")}: ${user.username}`}>
                    <EllipsisVertical aria-hidden="true" />
                  </Button>
                }
              >
                <MenuItem icon={<Pencil />} onSelect={() => onOpen({ what: "edit", user })}>
                  {t("tree.menu.edit")}
                </MenuItem>
                <MenuItem
                  icon={<Trash2 />}
                  danger
                  disabled={user.id === me.id}
                  onSelect={() => onOpen({ what: "remove", user })}
                >
                  {t("tree.menu.remove")}
                </MenuItem>
              </Menu>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
