import { Ban } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Permission } from "../../../shared/api/access.ts";
import type { ApiToken } from "../../../shared/api/tokens.ts";
import { cn } from "../../ui/cn.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { permissionKey } from "../admin/grants/access-text.ts";
import { StateMark } from "./state-mark.tsx";
import { useWhen } from "./use-tokens.ts";

interface TokenTableProps {
  readonly tokens: readonly ApiToken[];
  /** Whose they are is a column of its own. */
  readonly owners: boolean;
  readonly onRevoke: (token: ApiToken) => void;
}

export function TokenTable({ tokens, owners, onRevoke }: TokenTableProps): ReactNode {
  const { t } = useTranslation();
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("common.name")}</th>
          {owners && <th className={cn(headClass, "max-md:hidden")}>{t("tokens.owner")}</th>}
          <th className={cn(headClass, "max-lg:hidden")}>{t("tokens.may")}</th>
          <th className={cn(headClass, "max-xl:hidden")}>{t("tokens.networks")}</th>
          <th className={cn(headClass, "max-xl:hidden text-right")}>{t("tokens.rate")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("tokens.lastUsed")}</th>
          <th className={cn(headClass, "max-md:hidden")}>{t("tokens.expires")}</th>
          <th className={headClass}>{t("tokens.state")}</th>
          <th className={headClass}>
            <span className="sr-only">{t("common.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <TokenRow key={token.id} token={token} owners={owners} onRevoke={onRevoke} />
        ))}
      </tbody>
    </table>
  );
}

function TokenRow({
  token,
  owners,
  onRevoke,
}: Omit<TokenTableProps, "tokens"> & { readonly token: ApiToken }): ReactNode {
  const { t } = useTranslation();
  const when = useWhen();
  const names = token.permissions.map((one) => t(`access.permissions.${permissionKey(one as Permission)}`));
  const active = token.state === "active";
  return (
    <tr className={cn("hover:bg-panel", !active && "text-fg-muted")}>
      <td className={cn(cellClass, "[overflow-wrap:anywhere]")}>
        <span className="font-medium">{token.name}</span>
        <span className="block font-mono text-2xs text-fg-muted">{token.hint}…</span>
        {owners && <span className="block text-fg-muted text-xs md:hidden">{token.owner.username}</span>}
      </td>
      {owners && <td className={cn(cellClass, "text-fg-soft max-md:hidden")}>{token.owner.username}</td>}
      <td className={cn(cellClass, "max-w-72 text-fg-soft text-xs max-lg:hidden")}>
        <span className="line-clamp-2" title={names.join(", ")}>
          {names.join(", ")}
        </span>
        {token.cameraIds !== null && (
          <span className="nums block text-fg-muted">{t("tokens.onCameras", { count: token.cameraIds.length })}</span>
        )}
      </td>
      <td className={cn(cellClass, "font-mono text-2xs text-fg-soft max-xl:hidden")}>
        {token.networks.length === 0 ? t("tokens.anywhere") : token.networks.join(" ")}
      </td>
      <td className={cn(cellClass, "nums text-right text-fg-soft max-xl:hidden")}>{token.ratePerMinute}</td>
      <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-sm:hidden")}>
        {when(token.lastUsedAt)}
        {token.lastUsedIp !== null && <span className="block text-2xs text-fg-muted">{token.lastUsedIp}</span>}
      </td>
      <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-md:hidden")}>{when(token.expiresAt)}</td>
      <td className={cellClass}>
        <StateMark tone={active ? "ok" : token.state === "expired" ? "warn" : "off"}>
          {t(`tokens.states.${token.state}`)}
        </StateMark>
      </td>
      <td className={cn(cellClass, "w-10 py-0.5 text-right")}>
        {token.state !== "revoked" && (
          <IconButton label={`${t("tokens.revoke")}: ${token.name}`} onClick={() => onRevoke(token)}>
            <Ban />
          </IconButton>
        )}
      </td>
    </tr>
  );
}
