import {
  Activity,
  ArrowDownToLine,
  Cctv,
  Cpu,
  Frame,
  MonitorCheck,
  Timer as TimerIcon,
  TriangleAlert,
} from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { millis } from "../../../shared/lib/time.ts";
import { useServices } from "../../app/services.ts";
import type { WallStats } from "../../engine/worker-protocol.ts";
import { cn } from "../../ui/cn.ts";
import { Tooltip } from "../../ui/tooltip.tsx";
import { isOnline } from "../tree/build-tree.ts";
import { formatRate } from "./format-figures.ts";
import { sameFields, useWallStats } from "./use-wall-stats.ts";
import { useWall } from "./wall-context.tsx";

const withoutTiles = ({ tiles: _tiles, openVideoFrames: _open, ...rest }: WallStats) => rest;

export function StatusBar(): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  const stats = useWallStats(withoutTiles, sameFields);
  const total = cameras.data?.length ?? 0;
  const online = cameras.data?.filter(isOnline).length ?? 0;
  const open = stats.connection === "open";
  const fellBack = stats.transport === "websocket" && stats.transportDetail !== undefined;
  return (
    <footer
      aria-label={t("status.label")}
      className="nums flex h-7 shrink-0 items-center gap-4 overflow-hidden border-line border-t bg-panel px-3 text-2xs text-fg-soft max-sm:h-auto max-sm:gap-3 max-sm:pb-[env(safe-area-inset-bottom)] max-sm:leading-7"
    >
      <Figure icon={<Cctv />} label={t("status.cameras")} tone={online < total ? "warn" : "calm"}>
        {cameras.data === undefined ? "–" : `${online}/${total}`}
      </Figure>
      <Figure
        icon={fellBack || !open ? <TriangleAlert /> : <Activity />}
        label={
          stats.transportDetail === undefined
            ? t("status.transport")
            : `${t("status.transport")}: ${stats.transportDetail}`
        }
        tone={open ? (fellBack ? "note" : "good") : "warn"}
      >
        {open ? t(`status.transportKind.${stats.transport}`) : t(`status.connection.${stats.connection}`)}
      </Figure>
      <Figure
        icon={<MonitorCheck />}
        label={
          stats.rendererDetail === undefined ? t("status.renderer") : `${t("status.renderer")}: ${stats.rendererDetail}`
        }
        tone={stats.renderer === "none" ? "warn" : "calm"}
        className="max-sm:hidden"
      >
        {t(`status.rendererKind.${stats.renderer}`)}
      </Figure>
      <Figure icon={<ArrowDownToLine />} label={t("status.received")}>
        {formatRate(t, stats.receivedKbps)}
      </Figure>
      <Figure icon={<Frame />} label={t("status.drawn")} className="max-sm:hidden">
        {t("status.fps", { value: Math.round(stats.drawFps) })}
      </Figure>
      <Figure
        icon={<Cpu />}
        label={t("status.serverCpu")}
        tone={(stats.serverCpu ?? 0) > 0.9 ? "warn" : "calm"}
        className="max-md:hidden"
      >
        {stats.serverCpu === undefined ? "–" : t("status.percent", { value: Math.round(stats.serverCpu * 100) })}
      </Figure>
      <Figure icon={<TimerIcon />} label={t("status.latency")} tone={(stats.latencyMs ?? 0) > 1000 ? "warn" : "calm"}>
        {stats.latencyMs === undefined ? "–" : t("status.ms", { value: Math.round(stats.latencyMs) })}
      </Figure>
      <Clock />
    </footer>
  );
}

type Tone = "calm" | "good" | "note" | "warn";
const tones: Readonly<Record<Tone, string>> = {
  calm: "[&_svg]:text-fg-muted",
  good: "[&_svg]:text-ok",
  note: "[&_svg]:text-warn",
  warn: "text-warn",
};

interface FigureProps {
  readonly icon: ReactNode;
  readonly label: string;
  readonly tone?: Tone;
  readonly className?: string;
  readonly children: ReactNode;
}

function Figure({ icon, label, tone = "calm", className, children }: FigureProps): ReactNode {
  return (
    <Tooltip label={label} side="top">
      <span
        className={cn("flex shrink-0 items-center gap-1.5 whitespace-nowrap [&_svg]:size-3.5", tones[tone], className)}
      >
        <span aria-hidden="true">{icon}</span>
        <span className="sr-only">{label}:</span>
        {children}
      </span>
    </Tooltip>
  );
}

function Clock(): ReactNode {
  const { t, i18n } = useTranslation();
  const { clock } = useServices();
  const [now, setNow] = useState(() => new Date(clock.utcMicros() / 1000));
  useEffect(() => {
    const timer = clock.every(millis(1000), () => setNow(new Date(clock.utcMicros() / 1000)));
    return () => timer.cancel();
  }, [clock]);
  const language = i18n.resolvedLanguage ?? "en";
  const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(now);
  const time = new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(now);
  return (
    <time dateTime={now.toISOString()} title={t("status.clock")} className="ml-auto shrink-0 whitespace-nowrap text-fg">
      <span className="mr-2 text-fg-muted max-lg:hidden">{date}</span>
      {time}
    </time>
  );
}
