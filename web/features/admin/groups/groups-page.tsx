import { useQueryClient } from "@tanstack/react-query";
import { EllipsisVertical, Pencil, Plus, Trash2, Users } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { UserGroup } from "../../../../shared/api/access.ts";
import { errorText } from "../../../app/error-text.ts";
import { useServices } from "../../../app/services.ts";
import { Button } from "../../../ui/button.tsx";
import { cn } from "../../../ui/cn.ts";
import { Confirm } from "../../../ui/confirm.tsx";
import { Menu, MenuItem } from "../../../ui/menu.tsx";
import { cellClass, headClass, Page, tableClass } from "../../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../../ui/states.tsx";
import { useReauth } from "../../auth/reauth-provider.tsx";
import { useWall } from "../../live/wall-context.tsx";
import { roleName, scopeText } from "../grants/access-text.ts";
import { refreshAccess, useGroups, useRoles } from "../grants/use-access.ts";
import { GroupDialog } from "./group-dialog.tsx";

type Opened = { readonly what: "add" } | { readonly what: "edit" | "remove"; readonly group: UserGroup };

/** Groups of users with what they hold. */
export function GroupsPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const groups = useGroups();
  const [opened, setOpened] = useState<Opened>();
  const close = (): void => setOpened(undefined);
  const add = (
    <Button variant="primary" onClick={() => setOpened({ what: "add" })}>
      <Plus aria-hidden="true" />
      {t("access.groups.add")}
    </Button>
  );
  const list = groups.data ?? [];
  return (
    <Page title={t("access.groups.title")} lead={t("access.groups.lead")} actions={add}>
      {groups.isPending ? (
        <SkeletonRows count={4} />
      ) : groups.isError && groups.data === undefined ? (
        <FailureState
          title={t("access.groups.failed")}
          lead={errorText(t, groups.error)}
          onRetry={() => void groups.refetch()}
        />
      ) : list.length === 0 ? (
        <EmptyState
          icon={<Users />}
          title={t("access.groups.empty")}
          lead={t("access.groups.emptyLead")}
          action={add}
        />
      ) : (
        <table className={tableClass}>
          <thead>
            <tr>
              <th className={headClass}>{t("common.name")}</th>
              <th className={headClass}>{t("users.rights")}</th>
              <th className={cn(headClass, "max-sm:hidden")}>{t("access.groups.members")}</th>
              <th className={cn(headClass, "max-lg:hidden")}>{t("access.groups.mappings")}</th>
              <th className={headClass}>
                <span className="sr-only">{t("common.actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.map((group) => (
              <GroupRow key={group.id} group={group} onOpen={(what) => setOpened({ what, group })} />
            ))}
          </tbody>
        </table>
      )}
      {opened?.what === "add" && <GroupDialog onClose={close} />}
      {opened?.what === "edit" && <GroupDialog group={opened.group} onClose={close} />}
      {opened?.what === "remove" && (
        <Confirm
          title={t("access.groups.removeTitle", { name: opened.group.name })}
          lead={t("access.groups.removeLead", { count: opened.group.members.length })}
          action={t("common.remove")}
          describeFailure={(error) => errorText(t, error)}
          onConfirm={async () => {
            await reauth(() => api.removeGroup(opened.group.id));
            toast.success(t("access.groups.removed", { name: opened.group.name }));
            await refreshAccess(queries);
          }}
          onClose={close}
        />
      )}
    </Page>
  );
}

const SHOWN = 6;

function GroupRow({
  group,
  onOpen,
}: {
  readonly group: UserGroup;
  readonly onOpen: (what: "edit" | "remove") => void;
}): ReactNode {
  const { t } = useTranslation();
  const { camerasById } = useWall();
  const roles = useRoles().data ?? [];
  const members = group.members.slice(0, SHOWN).map(({ username }) => username);
  const more = group.members.length - members.length;
  return (
    <tr className="hover:bg-panel" onDoubleClick={() => onOpen("edit")}>
      <td className={cn(cellClass, "[overflow-wrap:anywhere]")}>
        <button type="button" onClick={() => onOpen("edit")} className="font-medium hover:underline">
          {group.name}
        </button>
        {group.description !== "" && <span className="block text-fg-muted text-xs">{group.description}</span>}
      </td>
      <td className={cn(cellClass, "text-fg-soft text-xs")}>
        {group.grants.length === 0 ? (
          <span className="text-fg-muted">{t("users.noRights")}</span>
        ) : (
          group.grants.slice(0, SHOWN).map(({ roleId, scope }) => (
            <span key={JSON.stringify([roleId, scope])} className="block">
              {roleName(t, roleId, roles)} · {scopeText(t, scope, camerasById)}
            </span>
          ))
        )}
        {group.grants.length > SHOWN && (
          <span className="block text-fg-muted">{t("users.andMore", { number: group.grants.length - SHOWN })}</span>
        )}
      </td>
      <td className={cn(cellClass, "text-fg-soft text-xs max-sm:hidden")}>
        {members.length === 0 ? (
          <span className="text-fg-muted">{t("access.groups.noMembers")}</span>
        ) : (
          `${members.join(", ")}${more > 0 ? ` ${t("users.andMore", { number: more })}` : ""}`
        )}
      </td>
      <td className={cn(cellClass, "text-fg-soft text-xs max-lg:hidden")}>
        {group.mappings.map((mapping) => (
          <span key={`${mapping.provider} ${mapping.group}`} className="block">
            {t("access.groups.mapping", mapping)}
          </span>
        ))}
      </td>
      <td className={cn(cellClass, "w-10 py-0.5 text-right")}>
        <Menu
          trigger={
            <Button variant="ghost" size="icon" aria-label={`${t("common.actions")}: ${group.name}`}>
              <EllipsisVertical aria-hidden="true" />
            </Button>
          }
        >
          <MenuItem icon={<Pencil />} onSelect={() => onOpen("edit")}>
            {t("access.groups.edit")}
          </MenuItem>
          <MenuItem icon={<Trash2 />} danger onSelect={() => onOpen("remove")}>
            {t("access.groups.remove")}
          </MenuItem>
        </Menu>
      </td>
    </tr>
  );
}
