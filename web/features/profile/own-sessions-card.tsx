import { useQueryClient } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { SessionInfo } from "../../../shared/api/identity.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Card, CardRow } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { deviceName } from "../sessions/device-name.ts";
import { useSessionText } from "../sessions/use-session-text.ts";
import { accountKeys, useOwnSessions } from "./use-account.ts";

/** Where the user is signed in, this device first. */
export function OwnSessionsCard(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const sessions = useOwnSessions();
  const text = useSessionText();
  const [ending, setEnding] = useState<SessionInfo | "others">();
  const list = [...(sessions.data ?? [])].sort((a, b) => Number(b.current) - Number(a.current));
  const others = list.filter(({ current }) => !current).length;

  const end = async (which: SessionInfo | "others"): Promise<void> => {
    if (which === "others") {
      const { ended } = await api.endOtherSessions();
      toast.success(t("sessions.endedMany", { count: ended }));
    } else {
      await api.endOwnSession(which.id);
      toast.success(t("sessions.ended"));
    }
    await queries.invalidateQueries({ queryKey: accountKeys.sessions });
  };
  return (
    <Card
      title={t("account.sessions")}
      lead={t("account.sessionsLead")}
      actions={
        others > 0 && (
          <Button size="sm" onClick={() => setEnding("others")}>
            {t("account.endOthers")}
          </Button>
        )
      }
    >
      {sessions.isPending ? (
        <SkeletonRows count={2} />
      ) : sessions.isError && sessions.data === undefined ? (
        <FailureState
          title={t("sessions.failed")}
          lead={errorText(t, sessions.error)}
          onRetry={() => void sessions.refetch()}
        />
      ) : (
        <ul>
          {list.map((one) => (
            <CardRow
              key={one.id}
              icon={<MonitorSmartphone />}
              title={
                <>
                  {deviceName(one.device) ?? t("sessions.unknownDevice")}
                  {one.current && (
                    <span className="ml-2 rounded-sm bg-active px-1.5 py-0.5 text-2xs text-fg-soft">
                      {t("sessions.current")}
                    </span>
                  )}
                </>
              }
              note={`${one.ip} · ${text.methods(one)} · ${t("sessions.seen")}: ${text.when(one.lastSeenAt)}`}
            >
              {!one.current && (
                <Button size="sm" onClick={() => setEnding(one)}>
                  {t("sessions.end")}
                </Button>
              )}
            </CardRow>
          ))}
        </ul>
      )}
      {ending !== undefined && (
        <Confirm
          title={ending === "others" ? t("account.endOthersTitle") : t("sessions.endTitle")}
          lead={
            ending === "others"
              ? t("account.endOthersLead")
              : t("sessions.endLead", { device: deviceName(ending.device) ?? t("sessions.unknownDevice") })
          }
          action={ending === "others" ? t("account.endOthers") : t("sessions.end")}
          onConfirm={() => end(ending)}
          describeFailure={(error) => errorText(t, error)}
          onClose={() => setEnding(undefined)}
        />
      )}
    </Card>
  );
}
