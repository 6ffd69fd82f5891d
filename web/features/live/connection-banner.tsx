import { CloudOff, LoaderCircle, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { millis } from "../../../shared/lib/time.ts";
import { isUnreachable } from "../../api/api-error.ts";
import { useEngineHost, useServices } from "../../app/services.ts";
import type { WallStats } from "../../engine/worker-protocol.ts";
import { Button } from "../../ui/button.tsx";
import { useWallStats } from "./use-wall-stats.ts";
import { useWall } from "./wall-context.tsx";

const selectConnection = (stats: WallStats) => stats.connection;
const selectRenderer = (stats: WallStats) => (stats.renderer === "none" ? stats.rendererDetail : undefined);
/** A short hiccup is not worth a banner. */
const SHOW_AFTER_SECONDS = 2;

/** Over the wall while the server is away: what is lost, for how long, and that it is being tried again. */
export function ConnectionBanner(): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { cameras } = useWall();
  const host = useEngineHost();
  const connection = useWallStats(selectConnection);
  const fatal = useWallStats(selectRenderer);
  const unreachable = cameras.isError && isUnreachable(cameras.error);
  const lost = connection === "reconnecting" || unreachable;
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (!lost) return;
    const since = clock.monotonicMs();
    const timer = clock.every(millis(1000), () => setSeconds(Math.round((clock.monotonicMs() - since) / 1000)));
    return () => timer.cancel();
  }, [lost, clock]);

  if (fatal !== undefined) {
    return (
      <Banner>
        <TriangleAlert className="size-4 shrink-0 text-danger" aria-hidden="true" />
        <span>{t("banner.fatal", { reason: fatal })}</span>
        <Button size="sm" onClick={() => location.reload()}>
          {t("errors.reload")}
        </Button>
      </Banner>
    );
  }
  if (!lost || seconds < SHOW_AFTER_SECONDS) return null;
  return (
    <Banner>
      {navigator.onLine ? (
        <LoaderCircle className="size-4 shrink-0 animate-spin text-warn" aria-hidden="true" />
      ) : (
        <CloudOff className="size-4 shrink-0 text-warn" aria-hidden="true" />
      )}
      <span>
        {!navigator.onLine
          ? t("banner.offline")
          : unreachable
            ? t("banner.serverUnreachable")
            : t("banner.reconnecting")}
      </span>
      <span className="nums text-fg-muted">{t("banner.lostFor", { seconds })}</span>
      <Button
        size="sm"
        onClick={() => {
          host?.reconnect();
          void cameras.refetch();
        }}
      >
        {t("banner.retryNow")}
      </Button>
    </Banner>
  );
}

function Banner({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div
      role="status"
      className="absolute top-3 left-1/2 z-20 flex w-max max-w-[calc(100%-1.5rem)] -translate-x-1/2 animate-appear items-center gap-3 rounded-lg bg-overlay py-1.5 pr-1.5 pl-3 text-sm shadow-float"
    >
      {children}
    </div>
  );
}
