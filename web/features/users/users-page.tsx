import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { User } from "../../../shared/api/schemas.ts";
import { useUsers } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Input } from "../../ui/field.tsx";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { refreshAccess, useGroups, useRoles } from "../admin/grants/use-access.ts";
import { useReauth } from "../auth/reauth-provider.tsx";
import { isLastAdministrator } from "./last-administrator.ts";
import { SetPasswordDialog } from "./set-password-dialog.tsx";
import { UserDialog } from "./user-dialog.tsx";
import { type UserAction, UserTable } from "./user-table.tsx";

type Opened =
  | { readonly what: "add" }
  | { readonly what: Exclude<UserAction, "rights" | "sessions" | "enable">; readonly user: User };

/** Accounts: who there is, what they hold, and what can be done with them. */
export function UsersPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const reauth = useReauth();
  const users = useUsers(api);
  const roles = useRoles();
  const groups = useGroups();
  const [query, setQuery] = useState("");
  const [opened, setOpened] = useState<Opened>();
  const all = users.data ?? [];
  const wanted = query.trim().toLocaleLowerCase();
  const shown = all.filter(({ username, displayName }) =>
    `${username} ${displayName}`.toLocaleLowerCase().includes(wanted),
  );

  const enable = async (user: User): Promise<void> => {
    try {
      await reauth(() => api.updateUser(user.id, { enabled: true }));
      toast.success(t("users.enabledDone", { name: user.username }));
    } catch (error) {
      toast.error(errorText(t, error));
    }
    await refreshAccess(queries);
  };
  const act = (action: UserAction, user: User): void => {
    if (action === "rights") {
      void navigate({ to: "/admin/rights", search: { user: user.id } });
    } else if (action === "sessions") {
      void navigate({ to: "/admin/sessions", search: { find: user.username } });
    } else if (action === "enable") {
      void enable(user);
    } else {
      setOpened({ what: action, user });
    }
  };
  const close = (): void => setOpened(undefined);

  return (
    <Page
      title={t("users.title")}
      lead={users.data && t("users.lead", { count: all.length })}
      actions={
        <>
          <div className="relative w-56 max-sm:flex-1">
            <Search
              className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-fg-muted"
              aria-hidden="true"
            />
            <Input
              type="search"
              aria-label={t("users.search")}
              placeholder={t("users.search")}
              className="pl-8"
              value={query}
              onChange={(event) => setQuery(event.target.value)}
            />
          </div>
          <Button variant="primary" onClick={() => setOpened({ what: "add" })}>
            <Plus aria-hidden="true" />
            {t("users.add")}
          </Button>
        </>
      }
    >
      {users.isPending ? (
        <SkeletonRows count={4} />
      ) : users.isError && users.data === undefined ? (
        <FailureState title={t("users.failed")} lead={errorText(t, users.error)} onRetry={() => void users.refetch()} />
      ) : shown.length === 0 ? (
        <EmptyState icon={<Search />} title={t("users.noMatch", { query: query.trim() })} />
      ) : (
        <UserTable users={shown} all={all} roles={roles.data ?? []} groups={groups.data ?? []} onAction={act} />
      )}
      {opened?.what === "add" && <UserDialog onClose={close} />}
      {opened?.what === "edit" && (
        <UserDialog user={opened.user} last={isLastAdministrator(opened.user, all)} onClose={close} />
      )}
      {opened?.what === "password" && <SetPasswordDialog user={opened.user} onClose={close} />}
      {(opened?.what === "disable" || opened?.what === "remove" || opened?.what === "mfa") && (
        <ConfirmAction what={opened.what} user={opened.user} onClose={close} />
      )}
    </Page>
  );
}

interface ConfirmActionProps {
  readonly what: "disable" | "remove" | "mfa";
  readonly user: User;
  readonly onClose: () => void;
}

/** What takes something away from a person is asked for twice. */
function ConfirmAction({ what, user, onClose }: ConfirmActionProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const reauth = useReauth();
  const name = user.username;
  const words = {
    disable: [
      t("users.disableTitle", { name }),
      t("users.disableLead"),
      t("users.disable"),
      t("users.disabledDone", { name }),
    ],
    remove: [t("users.removeTitle", { name }), t("users.removeLead"), t("common.remove"), t("users.removed", { name })],
    mfa: [
      t("users.resetMfaTitle", { name }),
      t("users.resetMfaLead"),
      t("users.resetMfa"),
      t("users.mfaReset", { name }),
    ],
  } as const;
  const run = {
    disable: () => reauth(() => api.updateUser(user.id, { enabled: false })),
    remove: () => reauth(() => api.removeUser(user.id)),
    mfa: () => reauth(() => api.resetMfa(user.id)),
  };
  const [title, lead, action, done] = words[what];
  return (
    <Confirm
      title={title}
      lead={lead}
      action={action.replace("…", "")}
      onConfirm={async () => {
        await run[what]();
        toast.success(done);
        await refreshAccess(queries);
      }}
      describeFailure={(error) => errorText(t, error)}
      onClose={onClose}
    />
  );
}
