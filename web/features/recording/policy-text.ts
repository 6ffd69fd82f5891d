import type { TFunction } from "i18next";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { PolicyKey, PolicyValues } from "../../../shared/recording/policy.ts";
import { byteText } from "./byte-text.ts";
import { hoursOf } from "./week-grid.ts";

/** Where a value comes from, in words: `default`, `system`, `group:<path>`, `camera`. */
export function originText(t: TFunction, from: string): string {
  if (from.startsWith("group:")) return t("recording.origin.group", { name: from.slice("group:".length) });
  return from === "system"
    ? t("recording.origin.system")
    : from === "camera"
      ? t("recording.origin.camera")
      : t("recording.origin.default");
}

/** A value in words, for hints. */
export function valueText(
  t: TFunction,
  key: PolicyKey,
  value: PolicyValues[PolicyKey],
  volumes: readonly StorageVolume[],
): string {
  if (key === "mode") return t(`recording.modes.${value as PolicyValues["mode"]}`);
  if (key === "streams") return t(`recording.streamChoices.${value as PolicyValues["streams"]}`);
  if (typeof value === "boolean") return value ? t("recording.on") : t("recording.off");
  if (value === null) return key === "volumeIds" ? t("recording.allVolumes") : t("recording.noValue");
  if (key === "maxBytes") return byteText(Number(value));
  if (key === "volumeIds") {
    const ids: readonly string[] = Array.isArray(value) ? value : [];
    return ids.map((id) => volumes.find((volume) => volume.id === id)?.name ?? id).join(", ");
  }
  if (typeof value === "object" && "days" in value) {
    const { days } = value;
    return t("recording.week.hours", { continuous: hoursOf(days, "c"), event: hoursOf(days, "e") });
  }
  const unit = key.endsWith("Days") ? t("recording.days") : t("recording.seconds");
  return `${value} ${unit}`;
}
