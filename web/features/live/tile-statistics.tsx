import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { TileStats } from "../../engine/worker-protocol.ts";
import { codecName, formatRate } from "./format-figures.ts";

/** The optional figures of a tile (key S). */
export function TileStatistics({ stats }: { readonly stats: TileStats }): ReactNode {
  const { t } = useTranslation();
  const codec = stats.codec === undefined ? "–" : codecName(stats.codec);
  const decoder = stats.decoder === undefined ? "" : ` (${t(`tile.decoder.${stats.decoder}`)})`;
  const rows: [string, string][] = [
    [t("tile.stats.codec"), `${codec}${decoder}`],
    [t("tile.stats.resolution"), stats.width > 0 ? `${stats.width}×${stats.height}` : "–"],
    [t("tile.stats.fps"), t("status.fps", { value: `${Math.round(stats.decodedFps)}/${Math.round(stats.drawnFps)}` })],
    [t("tile.stats.rate"), formatRate(t, stats.bitrateKbps)],
    [
      t("tile.stats.latency"),
      stats.latencyMs === undefined ? "–" : t("status.ms", { value: Math.round(stats.latencyMs) }),
    ],
    [t("tile.stats.drops"), String(stats.droppedFrames)],
  ];
  if (stats.role !== undefined) rows.push([t("tile.stats.stream"), t(`tile.stream.${stats.role}`)]);
  const { limitedBy } = stats;
  if (limitedBy === "quota" || limitedBy === "viewer" || limitedBy === "camera") {
    rows.push([t("tile.stats.limited"), t(`tile.limitedBy.${limitedBy}`)]);
  }
  return (
    <>
      <dl className="nums pointer-events-none absolute bottom-7 left-1.5 grid grid-cols-[auto_auto] gap-x-2 rounded-sm bg-black/70 px-1.5 py-1 text-2xs leading-3.5 @max-[200px]:hidden">
        {rows.map(([label, value]) => (
          <div key={label} className="contents">
            <dt className="text-white/65">{label}</dt>
            <dd className="text-right text-white">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="nums on-video pointer-events-none absolute bottom-5 left-1 hidden text-2xs text-white @max-[200px]:block">
        {Math.round(stats.drawnFps)} fps{stats.latencyMs === undefined ? "" : ` · ${Math.round(stats.latencyMs)} ms`}
      </p>
    </>
  );
}
