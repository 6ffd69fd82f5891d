import { Ban, Pencil, QrCode } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { KioskDevice } from "../../../shared/api/tokens.ts";
import { cn } from "../../ui/cn.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import type { DisplayAction } from "./displays-page.tsx";
import { StateMark } from "./state-mark.tsx";
import { useWhen } from "./use-tokens.ts";

interface DisplayTableProps {
  readonly displays: readonly KioskDevice[];
  readonly onOpen: (what: DisplayAction, display: KioskDevice) => void;
}

const TONES = { active: "ok", waiting: "warn", revoked: "off" } as const;

export function DisplayTable({ displays, onOpen }: DisplayTableProps): ReactNode {
  const { t } = useTranslation();
  const when = useWhen();
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("common.name")}</th>
          <th className={headClass}>{t("displays.layout")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("tokens.actsFor")}</th>
          <th className={cn(headClass, "max-xl:hidden")}>{t("tokens.networks")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("displays.lastSeen")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("tokens.state")}</th>
          <th className={headClass}>
            <span className="sr-only">{t("common.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {displays.map((display) => (
          <tr key={display.id} className={cn("hover:bg-panel", display.state === "revoked" && "text-fg-muted")}>
            <td className={cn(cellClass, "font-medium [overflow-wrap:anywhere]")}>
              {display.name}
              <span className="mt-0.5 block sm:hidden">
                <StateMark tone={TONES[display.state]}>{t(`displays.states.${display.state}`)}</StateMark>
              </span>
            </td>
            <td className={cn(cellClass, "[overflow-wrap:anywhere]", display.layout === null && "text-warn")}>
              {display.layout?.name ?? t("displays.noLayout")}
            </td>
            <td className={cn(cellClass, "text-fg-soft max-lg:hidden")}>{display.owner.username}</td>
            <td className={cn(cellClass, "font-mono text-2xs text-fg-soft max-xl:hidden")}>
              {display.networks.length === 0 ? t("tokens.anywhere") : display.networks.join(" ")}
            </td>
            <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-sm:hidden")}>
              {when(display.lastSeenAt)}
              {display.lastSeenIp !== null && (
                <span className="block text-2xs text-fg-muted">{display.lastSeenIp}</span>
              )}
            </td>
            <td className={cn(cellClass, "max-sm:hidden")}>
              <StateMark tone={TONES[display.state]}>{t(`displays.states.${display.state}`)}</StateMark>
            </td>
            <td className={cn(cellClass, "py-0.5 text-right")}>
              {display.state !== "revoked" && (
                <div className="flex justify-end">
                  <IconButton label={`${t("displays.edit")}: ${display.name}`} onClick={() => onOpen("edit", display)}>
                    <Pencil />
                  </IconButton>
                  <IconButton
                    label={`${t("displays.relink")}: ${display.name}`}
                    onClick={() => onOpen("link", display)}
                  >
                    <QrCode />
                  </IconButton>
                  <IconButton
                    label={`${t("displays.revoke")}: ${display.name}`}
                    onClick={() => onOpen("revoke", display)}
                  >
                    <Ban />
                  </IconButton>
                </div>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
