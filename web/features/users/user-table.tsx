import {
  Ban,
  CircleCheck,
  EllipsisVertical,
  KeyRound,
  MonitorSmartphone,
  Pencil,
  ScanEye,
  ShieldOff,
  Trash2,
} from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRole, GrantBody, UserGroup } from "../../../shared/api/access.ts";
import type { User } from "../../../shared/api/schemas.ts";
import { useUser } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { roleName, scopeText } from "../admin/grants/access-text.ts";
import { useWall } from "../live/wall-context.tsx";
import { isLastAdministrator } from "./last-administrator.ts";

export type UserAction = "edit" | "password" | "disable" | "enable" | "mfa" | "rights" | "sessions" | "remove";

interface UserTableProps {
  readonly users: readonly User[];
  /** All there are: who is the last administrator is not a matter of the search. */
  readonly all: readonly User[];
  readonly roles: readonly AccessRole[];
  readonly groups: readonly UserGroup[];
  readonly onAction: (action: UserAction, user: User) => void;
}

export function UserTable({ users, all, roles, groups, onAction }: UserTableProps): ReactNode {
  const { t, i18n } = useTranslation();
  const me = useUser();
  const when = new Intl.DateTimeFormat(i18n.resolvedLanguage, {
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  });
  const badge = "ml-2 whitespace-nowrap rounded-sm bg-active px-1.5 py-0.5 font-normal text-2xs text-fg-soft";
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("auth.username")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("users.rights")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("users.lastLogin")}</th>
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
            onDoubleClick={() => onAction("edit", user)}
          >
            <td className={cn(cellClass, "[overflow-wrap:anywhere]")}>
              <button type="button" onClick={() => onAction("edit", user)} className="font-medium hover:underline">
                {user.username}
              </button>
              {user.id === me.id && <span className={badge}>{t("users.you")}</span>}
              {isLastAdministrator(user, all) && <span className={badge}>{t("users.lastAdministrator")}</span>}
              {user.displayName !== user.username && (
                <span className="block text-fg-muted text-xs">{user.displayName}</span>
              )}
              <span className="mt-0.5 block sm:hidden">
                <Rights user={user} roles={roles} groups={groups} />
              </span>
            </td>
            <td className={cn(cellClass, "max-sm:hidden")}>
              <Rights user={user} roles={roles} groups={groups} />
            </td>
            <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-lg:hidden")}>
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
              <UserMenu user={user} self={user.id === me.id} onAction={(action) => onAction(action, user)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const SHOWN = 3;

/** Roles with their scopes, the person's own first; those of groups say so. */
function Rights({
  user,
  roles,
  groups,
}: Pick<UserTableProps, "roles" | "groups"> & { readonly user: User }): ReactNode {
  const { t } = useTranslation();
  const { camerasById } = useWall();
  const word = ({ roleId, scope }: GrantBody): string =>
    `${roleName(t, roleId, roles)} · ${scopeText(t, scope, camerasById)}`;
  const own = (user.grants ?? []).map((grant) => word(grant));
  const through = groups
    .filter(({ members }) => members.some(({ userId }) => userId === user.id))
    .flatMap(({ name, grants }) => grants.map((grant) => `${word(grant)} (${t("users.through", { group: name })})`));
  const all = [...own, ...through];
  if (all.length === 0) return <span className="text-fg-muted text-xs">{t("users.noRights")}</span>;
  return (
    <ul className="flex flex-col text-fg-soft text-xs">
      {all.slice(0, SHOWN).map((text) => (
        <li key={text}>{text}</li>
      ))}
      {all.length > SHOWN && (
        <li className="text-fg-muted" title={all.slice(SHOWN).join("\n")}>
          {t("users.andMore", { number: all.length - SHOWN })}
        </li>
      )}
    </ul>
  );
}

interface UserMenuProps {
  readonly user: User;
  readonly self: boolean;
  readonly onAction: (action: UserAction) => void;
}

function UserMenu({ user, self, onAction }: UserMenuProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label={`${t("common.actions")}: ${user.username}`}>
          <EllipsisVertical aria-hidden="true" />
        </Button>
      }
    >
      <MenuItem icon={<Pencil />} onSelect={() => onAction("edit")}>
        {t("tree.menu.edit")}
      </MenuItem>
      <MenuItem icon={<ScanEye />} onSelect={() => onAction("rights")}>
        {t("users.effective")}
      </MenuItem>
      <MenuItem icon={<MonitorSmartphone />} onSelect={() => onAction("sessions")}>
        {t("users.sessions")}
      </MenuItem>
      <MenuItem icon={<KeyRound />} disabled={self} onSelect={() => onAction("password")}>
        {t("users.setPassword")}
      </MenuItem>
      <MenuItem icon={<ShieldOff />} disabled={self} onSelect={() => onAction("mfa")}>
        {t("users.resetMfa")}
      </MenuItem>
      <MenuSeparator />
      {user.enabled ? (
        <MenuItem icon={<Ban />} disabled={self} onSelect={() => onAction("disable")}>
          {t("users.disable")}
        </MenuItem>
      ) : (
        <MenuItem icon={<CircleCheck />} onSelect={() => onAction("enable")}>
          {t("users.enable")}
        </MenuItem>
      )}
      <MenuItem icon={<Trash2 />} danger disabled={self} onSelect={() => onAction("remove")}>
        {t("tree.menu.remove")}
      </MenuItem>
    </Menu>
  );
}
