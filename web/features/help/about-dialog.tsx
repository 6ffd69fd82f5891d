import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { queryKeys, useSystemStats } from "../../api/queries.ts";
import { useServices, useUser } from "../../app/services.ts";
import type { WallStats } from "../../engine/worker-protocol.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { sameFields, useWallStats } from "../live/use-wall-stats.ts";

const selectPath = ({ renderer, rendererDetail, transport, transportDetail }: WallStats) => ({
  renderer,
  rendererDetail,
  transport,
  transportDetail,
});

export default function AboutDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const system = useSystemStats(api, useUser().role !== "viewer").data;
  const status = useQuery({ queryKey: queryKeys.authStatus, queryFn: () => api.authStatus() }).data;
  const wall = useWallStats(selectPath, sameFields);
  const minutes = Math.floor((system?.uptimeSeconds ?? 0) / 60);
  const withDetail = (text: string, detail: string | undefined): string =>
    detail === undefined ? text : `${text} (${detail})`;
  const facts: [string, string][] = [
    [t("about.version"), system?.version ?? status?.version ?? "–"],
    [t("about.renderer"), withDetail(t(`status.rendererKind.${wall.renderer}`), wall.rendererDetail)],
    [t("about.transport"), withDetail(t(`status.transportKind.${wall.transport}`), wall.transportDetail)],
    [t("about.database"), system === undefined ? "–" : t(`about.databases.${system.database}`)],
    [
      t("about.uptime"),
      system === undefined ? "–" : t("about.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 }),
    ],
    [t("about.browser"), navigator.userAgent],
  ];
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(facts.map(([name, value]) => `${name}: ${value}`).join("\n"));
    toast.success(t("about.copied"));
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("about.title")}
      footer={"clipboard" in navigator && <Button onClick={() => void copy()}>{t("about.copy")}</Button>}
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-fg-muted">{name}</dt>
            <dd className="[overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
