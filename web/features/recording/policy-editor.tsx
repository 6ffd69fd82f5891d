import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { RECORDING_MODES, type StorageVolume } from "../../../shared/api/recording.ts";
import type { PolicyKey, PolicyValues } from "../../../shared/recording/policy.ts";
import { browserZone } from "../playback/zone.ts";
import { useServerPlace } from "../setup/use-setup.ts";
import { type DraftParts, type PolicyChanges, setting } from "./policy-draft.ts";
import { valueText } from "./policy-text.ts";
import { Choice, NumberBox, VolumeChoice } from "./setting-controls.tsx";
import { SettingRow } from "./setting-row.tsx";
import { WeekEditor } from "./week-editor.tsx";
import { filledWeek } from "./week-grid.ts";

interface PolicyEditorProps {
  readonly parts: DraftParts;
  readonly volumes: readonly StorageVolume[];
  /** What the server said of a setting, by its name. */
  readonly errorOf: (key: PolicyKey) => string | undefined;
  readonly onChange: (changes: PolicyChanges) => void;
}

const STREAMS = ["main", "sub", "both"] as const;
const GIGABYTE = 1_000_000_000;

interface NumberSetting {
  readonly key: Exclude<PolicyKey, "mode" | "streams" | "audio" | "schedule" | "volumeIds">;
  readonly min: number;
  readonly max: number;
  readonly unit: "seconds" | "days" | "gigabytes";
}

const EVENT_SETTINGS: readonly NumberSetting[] = [
  { key: "preRollSeconds", min: 0, max: 60, unit: "seconds" },
  { key: "postRollSeconds", min: 0, max: 600, unit: "seconds" },
];
const KEEP_SETTINGS: readonly NumberSetting[] = [
  { key: "retentionDays", min: 1, max: 3650, unit: "days" },
  { key: "minimumDays", min: 0, max: 3650, unit: "days" },
  { key: "maxBytes", min: 1, max: 1_000_000, unit: "gigabytes" },
];
const TIER_SETTINGS: readonly NumberSetting[] = [
  { key: "warmAfterDays", min: 0, max: 3650, unit: "days" },
  { key: "coldAfterDays", min: 0, max: 3650, unit: "days" },
];
const FILE_SETTINGS: readonly NumberSetting[] = [{ key: "segmentSeconds", min: 10, max: 3600, unit: "seconds" }];

/** Every recording setting of the chosen scopes. Nothing is saved here. */
export function PolicyEditor({ parts, volumes, errorOf, onChange }: PolicyEditorProps): ReactNode {
  const { t } = useTranslation();
  const set = <K extends PolicyKey>(key: K, value: PolicyValues[K] | null): void => onChange({ [key]: value });

  const row = (key: PolicyKey, control: Parameters<typeof SettingRow>[0]["children"], wide = false) => {
    const one = setting(parts, key);
    return (
      <SettingRow
        label={t(`recording.settings.${key}`)}
        hint={hintOf(key)}
        error={errorOf(key)}
        setting={one}
        targets={parts.targets.length}
        inheritedText={one.inherited === undefined ? undefined : valueText(t, key, one.inherited, volumes)}
        onInherit={() => set(key, null)}
        wide={wide}
      >
        {control}
      </SettingRow>
    );
  };
  const hintOf = (key: PolicyKey): string | undefined => {
    switch (key) {
      case "audio":
      case "preRollSeconds":
      case "minimumDays":
      case "maxBytes":
      case "warmAfterDays":
      case "volumeIds":
      case "segmentSeconds":
        return t(`recording.hints.${key}`);
      default:
        return undefined;
    }
  };
  const number = ({ key, min, max, unit }: NumberSetting): ReactNode => (
    <div key={key}>
      {row(key, (control) => (
        <NumberBox
          control={control}
          value={setting(parts, key).value}
          min={min}
          max={max}
          unit={t(`recording.${unit}`)}
          scale={unit === "gigabytes" ? GIGABYTE : 1}
          onChange={(value) => set(key, value)}
        />
      ))}
    </div>
  );

  const mode = setting(parts, "mode").value;
  const schedule = setting(parts, "schedule").value;
  const audio = setting(parts, "audio").value;
  const server = useServerPlace().data?.timeZone;
  const chooseMode = (next: PolicyValues["mode"]): void => {
    // A schedule needs a grid: it begins with what the camera did until now.
    // A server that was told nothing says UTC.
    const timeZone = server === undefined || server === "UTC" ? browserZone().name : server;
    const fresh = { timeZone, days: filledWeek("c") };
    onChange({ mode: next, ...(next === "schedule" && !schedule ? { schedule: fresh } : {}) });
  };
  return (
    <div className="flex flex-col gap-4">
      <Card title={t("recording.cards.what")}>
        {row("mode", (control) => (
          <Choice
            control={control}
            value={mode}
            options={RECORDING_MODES.map((value) => ({ value, label: t(`recording.modes.${value}`) }))}
            onChange={chooseMode}
          />
        ))}
        {(mode === "schedule" || mode === undefined) &&
          schedule &&
          row("schedule", () => <WeekEditor schedule={schedule} onChange={(value) => set("schedule", value)} />, true)}
        {row("streams", (control) => (
          <Choice
            control={control}
            value={setting(parts, "streams").value}
            options={STREAMS.map((value) => ({ value, label: t(`recording.streamChoices.${value}`) }))}
            onChange={(value) => set("streams", value)}
          />
        ))}
        {row("audio", (control) => (
          <Choice
            control={control}
            value={audio === undefined ? undefined : audio ? "on" : "off"}
            options={[
              { value: "on", label: t("recording.on") },
              { value: "off", label: t("recording.off") },
            ]}
            onChange={(value) => set("audio", value === "on")}
          />
        ))}
        {(mode === "event" || mode === "schedule" || mode === undefined) && EVENT_SETTINGS.map(number)}
      </Card>
      <Card title={t("recording.cards.keep")}>{KEEP_SETTINGS.map(number)}</Card>
      <Card title={t("recording.cards.where")}>
        {row(
          "volumeIds",
          () => (
            <VolumeChoice
              volumes={volumes}
              value={setting(parts, "volumeIds").value}
              onChange={(ids) => set("volumeIds", ids)}
            />
          ),
          true,
        )}
        {TIER_SETTINGS.map(number)}
        {FILE_SETTINGS.map(number)}
      </Card>
    </div>
  );
}

function Card({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section aria-label={title} className="rounded-lg border border-line bg-panel px-4 pt-3 pb-1">
      <h2 className="font-semibold text-base">{title}</h2>
      {children}
    </section>
  );
}
