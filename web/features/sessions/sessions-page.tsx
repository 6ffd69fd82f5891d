import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { EllipsisVertical, LogOut, MonitorX, Search, Users } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { SessionInfo } from "../../../shared/api/identity.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Input } from "../../ui/field.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { cellClass, headClass, Page, tableClass } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { deviceName } from "./device-name.ts";
import { useSessionText } from "./use-session-text.ts";

const sessionsKey = ["sessions"] as const;

interface Ending {
  readonly what: "one" | "all";
  readonly session: SessionInfo;
}

/** Who is signed in where, on the whole server. Ending a session stops its pictures at once. */
export function SessionsPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const { find = "" } = useSearch({ strict: false });
  const [search, setSearch] = useState(find);
  const [ending, setEnding] = useState<Ending>();
  const sessions = useQuery({
    queryKey: sessionsKey,
    queryFn: ({ signal }) => api.sessions(signal),
    refetchInterval: 15_000,
  });
  const device = (session: SessionInfo): string => deviceName(session.device) ?? t("sessions.unknownDevice");
  const wanted = search.trim().toLowerCase();
  const shown = (sessions.data ?? []).filter((one) =>
    [one.username, device(one), one.ip].some((text) => text.toLowerCase().includes(wanted)),
  );

  const end = async ({ what, session }: Ending): Promise<void> => {
    if (what === "one") {
      await api.endSession(session.id);
      toast.success(t("sessions.ended"));
    } else {
      const { ended } = await api.endSessionsOf(session.userId);
      toast.success(t("sessions.endedMany", { count: ended }));
    }
    await queries.invalidateQueries({ queryKey: sessionsKey });
  };
  return (
    <Page
      title={t("sessions.title")}
      lead={sessions.data && t("sessions.lead", { number: sessions.data.length })}
      actions={
        <label className="relative max-sm:w-full">
          <Search
            aria-hidden="true"
            className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-fg-muted"
          />
          <Input
            type="search"
            aria-label={t("sessions.search")}
            placeholder={t("sessions.search")}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            className="pl-8 sm:w-64"
          />
        </label>
      }
    >
      {sessions.isPending ? (
        <SkeletonRows count={5} />
      ) : sessions.data === undefined ? (
        <FailureState
          title={t("sessions.failed")}
          lead={errorText(t, sessions.error)}
          onRetry={() => void sessions.refetch()}
        />
      ) : shown.length === 0 ? (
        <EmptyState icon={<MonitorX />} title={wanted === "" ? t("sessions.empty") : t("sessions.noneFound")} />
      ) : (
        <SessionTable sessions={shown} device={device} onEnd={(what, session) => setEnding({ what, session })} />
      )}
      {ending !== undefined && (
        <Confirm
          title={
            ending.what === "one"
              ? t("sessions.endTitle")
              : t("sessions.endAllTitle", { name: ending.session.username })
          }
          lead={
            ending.what === "one"
              ? t("sessions.endLead", { device: `${ending.session.username}, ${device(ending.session)}` })
              : t("account.endOthersLead")
          }
          action={t("sessions.end")}
          onConfirm={() => end(ending)}
          describeFailure={(error) => errorText(t, error)}
          onClose={() => setEnding(undefined)}
        />
      )}
    </Page>
  );
}

interface SessionTableProps {
  readonly sessions: readonly SessionInfo[];
  readonly device: (session: SessionInfo) => string;
  readonly onEnd: (what: Ending["what"], session: SessionInfo) => void;
}

function SessionTable({ sessions, device, onEnd }: SessionTableProps): ReactNode {
  const { t } = useTranslation();
  const text = useSessionText();
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("sessions.user")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("sessions.device")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("sessions.address")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("sessions.methods")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("sessions.since")}</th>
          <th className={cn(headClass, "max-md:hidden")}>{t("sessions.seen")}</th>
          <th className={headClass}>
            <span className="sr-only">{t("common.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.id} className="hover:bg-panel">
            <td className={cn(cellClass, "font-medium [overflow-wrap:anywhere]")}>
              {session.username}
              {session.current && (
                <span className="ml-2 whitespace-nowrap rounded-sm bg-active px-1.5 py-0.5 font-normal text-2xs text-fg-soft">
                  {t("sessions.current")}
                </span>
              )}
              <span className="nums block font-normal text-fg-muted text-xs sm:hidden">
                {device(session)} · {session.ip}
              </span>
              <span className="nums block font-normal text-fg-muted text-xs md:hidden">
                {t("sessions.seen")}: {text.when(session.lastSeenAt)}
              </span>
            </td>
            <td className={cn(cellClass, "text-fg-soft max-sm:hidden")} title={session.device}>
              {device(session)}
            </td>
            <td className={cn(cellClass, "nums text-fg-soft max-sm:hidden")}>{session.ip}</td>
            <td className={cn(cellClass, "text-fg-soft max-lg:hidden")}>{text.methods(session)}</td>
            <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-lg:hidden")}>
              {text.when(session.createdAt)}
            </td>
            <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-md:hidden")}>
              {text.when(session.lastSeenAt)}
            </td>
            <td className={cn(cellClass, "w-10 py-0.5 text-right")}>
              {!session.current && (
                <Menu
                  trigger={
                    <Button variant="ghost" size="icon" aria-label={`${t("common.actions")}: ${session.username}`}>
                      <EllipsisVertical aria-hidden="true" />
                    </Button>
                  }
                >
                  <MenuItem icon={<LogOut />} danger onSelect={() => onEnd("one", session)}>
                    {t("sessions.end")}
                  </MenuItem>
                  <MenuItem icon={<Users />} danger onSelect={() => onEnd("all", session)}>
                    {t("sessions.endAllOf", { name: session.username })}
                  </MenuItem>
                </Menu>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
