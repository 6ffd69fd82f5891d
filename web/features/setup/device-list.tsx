import { CircleAlert, CircleCheck, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cameraErrorText } from "../../app/error-text.ts";
import { Input } from "../../ui/field.tsx";
import type { CameraSearch, Device } from "./use-camera-search.ts";

interface DeviceListProps {
  readonly devices: readonly Device[];
  readonly disabled: boolean;
  readonly onChange: CameraSearch["change"];
}

/** What was found: chosen by a tick, named, and what became of it. */
export function DeviceList({ devices, disabled, onChange }: DeviceListProps): ReactNode {
  const { t } = useTranslation();
  return (
    <ul className="flex max-h-96 flex-col divide-y divide-line overflow-y-auto rounded-lg border border-line">
      {devices.map((device) => {
        const open = device.state.kind === "found" || device.state.kind === "failed";
        return (
          <li key={device.key} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2">
            <input
              type="checkbox"
              className="size-4 accent-accent-strong coarse:size-5"
              checked={device.chosen}
              disabled={disabled || !open}
              aria-label={t("setup.cameras.choose", { name: device.title })}
              onChange={(event) => onChange(device.key, { chosen: event.target.checked })}
            />
            <Input
              className="min-w-40 max-w-72 flex-1"
              value={device.title}
              maxLength={100}
              disabled={disabled || !open}
              aria-label={t("setup.cameras.name")}
              onChange={(event) => onChange(device.key, { title: event.target.value })}
            />
            <span className="nums text-fg-soft text-sm">
              {device.address}
              {device.port === 554 ? "" : `:${device.port}`}
            </span>
            <span className="min-w-0 flex-1 truncate text-fg-muted text-xs">
              {[device.manufacturer, device.location].filter((text) => text !== "").join(" · ")}
            </span>
            <State device={device} />
          </li>
        );
      })}
    </ul>
  );
}

function State({ device }: { readonly device: Device }): ReactNode {
  const { t } = useTranslation();
  const { state } = device;
  switch (state.kind) {
    case "found":
      return <span className="text-fg-muted text-xs">{t(`setup.cameras.source.${device.source}`)}</span>;
    case "known":
      return <span className="text-fg-muted text-xs">{t("setup.cameras.known")}</span>;
    case "adding":
      return (
        <span className="flex items-center gap-1.5 text-fg-soft text-xs">
          <LoaderCircle className="size-3.5 animate-spin" aria-hidden="true" />
          {t("setup.cameras.adding")}
        </span>
      );
    case "added":
      return (
        <span className="flex items-center gap-1.5 text-ok text-xs">
          <CircleCheck className="size-3.5" aria-hidden="true" />
          {t("setup.cameras.added")}
        </span>
      );
    case "failed":
      return (
        <span className="flex w-full items-center gap-1.5 text-danger text-xs">
          <CircleAlert className="size-3.5 shrink-0" aria-hidden="true" />
          {cameraErrorText(t, state.error)}
        </span>
      );
  }
}
