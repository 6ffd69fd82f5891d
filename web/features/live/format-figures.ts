import type { TFunction } from "i18next";

export function formatRate(t: TFunction, kbps: number): string {
  return kbps >= 1000
    ? t("status.mbps", { value: (kbps / 1000).toFixed(kbps >= 100_000 ? 0 : 1) })
    : t("status.kbps", { value: Math.round(kbps) });
}

/** `avc1.640028` is for machines; people know the family. The exact string stays in the tooltip. */
export function codecName(codec: string): string {
  const family = codec.toLowerCase();
  if (family.startsWith("avc") || family === "h264") return "H.264";
  if (family.startsWith("hev") || family.startsWith("hvc") || family === "h265") return "H.265";
  if (family === "mjpeg") return "MJPEG";
  if (family.startsWith("mp4a") || family === "aac") return "AAC";
  if (family === "ulaw" || family === "pcmu") return "G.711 µ-law";
  if (family === "alaw" || family === "pcma") return "G.711 A-law";
  return codec;
}
