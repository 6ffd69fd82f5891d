import { Link } from "@tanstack/react-router";
import { User, Users } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRole, GrantBody } from "../../../../shared/api/access.ts";
import { useUsers } from "../../../api/queries.ts";
import { useServices } from "../../../app/services.ts";
import { useWall } from "../../live/wall-context.tsx";
import { scopeText } from "../grants/access-text.ts";
import { useGroups } from "../grants/use-access.ts";

/** More than anybody reads in a line. */
const MOST = 40;

/** Users and groups that have the role, with what they have it on. */
export function RoleHolders({ role }: { readonly role: AccessRole }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const users = useUsers(api);
  const groups = useGroups();
  const { camerasById } = useWall();
  const scopes = (grants: readonly GrantBody[]): string =>
    grants
      .filter(({ roleId }) => roleId === role.id)
      .map(({ scope }) => scopeText(t, scope, camerasById))
      .join(", ");
  const holders = [
    ...(groups.data ?? []).map(({ id, name, grants }) => ({ id, name, kind: "group" as const, on: scopes(grants) })),
    ...(users.data ?? []).map(({ id, username, grants = [] }) => ({
      id,
      name: username,
      kind: "user" as const,
      on: scopes(grants),
    })),
  ].filter(({ on }) => on !== "");
  return (
    <section aria-labelledby="role-holders">
      <h3 id="role-holders" className="mb-1 font-semibold text-sm">
        {t("access.roles.usedBy")}
      </h3>
      {holders.length === 0 ? (
        <p className="text-fg-muted text-sm">{t("access.roles.usedByNobody")}</p>
      ) : (
        <ul className="flex flex-wrap gap-1.5">
          {holders.slice(0, MOST).map(({ id, name, kind, on }) => (
            <li key={id}>
              <Link
                to={kind === "group" ? "/admin/groups" : "/admin/users"}
                className="flex items-center gap-1.5 rounded-md border border-line px-2 py-1 text-xs hover:bg-hover coarse:min-h-11 [&_svg]:size-3.5 [&_svg]:text-fg-muted"
              >
                {kind === "group" ? <Users aria-hidden="true" /> : <User aria-hidden="true" />}
                <span className="font-medium">{name}</span>
                <span className="text-fg-muted">{on}</span>
              </Link>
            </li>
          ))}
          {holders.length > MOST && (
            <li className="self-center text-fg-muted text-xs">
              {t("users.andMore", { number: holders.length - MOST })}
            </li>
          )}
        </ul>
      )}
    </section>
  );
}
