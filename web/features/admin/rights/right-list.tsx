import { Check, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRole, EffectiveAccess, Permission, RightSource } from "../../../../shared/api/access.ts";
import { cn } from "../../../ui/cn.ts";
import { useWall } from "../../live/wall-context.tsx";
import { permissionKey, roleName, scopeText } from "../grants/access-text.ts";

interface RightListProps {
  /** All that is asked about: what is held, and what is not. */
  readonly asked: readonly Permission[];
  readonly access: EffectiveAccess;
  readonly roles: readonly AccessRole[];
}

/** Each right with yes or no, and all that it comes from. */
export function RightList({ asked, access, roles }: RightListProps): ReactNode {
  const { t } = useTranslation();
  const sources = new Map(access.permissions.map((one) => [one.permission, one.sources]));
  return (
    <ul>
      {asked.map((permission) => {
        const from = sources.get(permission) ?? [];
        const held = from.length > 0;
        const Icon = held ? Check : X;
        return (
          <li key={permission} className="flex items-start gap-2 border-line border-b py-1.5 text-sm">
            <Icon
              className={cn("mt-0.5 size-4 shrink-0", held ? "text-ok" : "text-fg-muted/60")}
              role="img"
              aria-label={held ? t("access.rights.yes") : t("access.rights.no")}
            />
            <span className={cn("w-40 shrink-0 max-sm:w-32", !held && "text-fg-muted")}>
              {t(`access.permissions.${permissionKey(permission)}`)}
            </span>
            <ul className="min-w-0 flex-1 text-fg-soft text-xs leading-5">
              {from.map((source) => (
                <li key={JSON.stringify(source)}>
                  <Source source={source} roles={roles} />
                </li>
              ))}
              {!held && <li className="text-fg-muted">{t("access.rights.nowhere")}</li>}
            </ul>
          </li>
        );
      })}
    </ul>
  );
}

function Source({ source, roles }: { readonly source: RightSource; readonly roles: readonly AccessRole[] }): ReactNode {
  const { t } = useTranslation();
  const { camerasById } = useWall();
  const { roleId, scope, group } = source;
  return (
    <>
      <span className="text-fg">
        {t("access.rights.source", { role: roleName(t, roleId, roles), scope: scopeText(t, scope, camerasById) })}
      </span>
      {", "}
      {group === null ? t("access.rights.fromUser") : t("access.rights.fromGroup", { group: group.name })}
    </>
  );
}
