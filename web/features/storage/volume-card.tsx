import { useDraggable, useDroppable } from "@dnd-kit/core";
import {
  ArrowDown,
  ArrowUp,
  CircleAlert,
  CircleCheck,
  CirclePause,
  EllipsisVertical,
  GripVertical,
  Pencil,
  Power,
  Trash2,
  Wrench,
} from "lucide-react";
import { type ReactNode, useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { VolumeUsage } from "../../../shared/api/storage-usage.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { byteText } from "../recording/byte-text.ts";
import { FillBar } from "./fill-bar.tsx";
import { daysLeft, lastHourRate } from "./forecast.ts";

export interface VolumeActions {
  readonly edit: (volume: StorageVolume) => void;
  readonly test: (volume: StorageVolume) => void;
  readonly toggle: (volume: StorageVolume) => void;
  readonly remove: (volume: StorageVolume) => void;
  readonly move: (volume: StorageVolume, to: number) => void;
}

interface VolumeCardProps {
  readonly volume: StorageVolume;
  readonly usage: VolumeUsage | undefined;
  /** When the usage was counted. */
  readonly atMicros: number;
  /** Place within its tier, and how many there are. */
  readonly place: number;
  readonly count: number;
  readonly busy: boolean;
  readonly actions: VolumeActions;
}

export function VolumeCard({ volume, usage, atMicros, place, count, busy, actions }: VolumeCardProps): ReactNode {
  const { t } = useTranslation();
  const drag = useDraggable({ id: volume.id, data: { tier: volume.tier }, disabled: count < 2 });
  const drop = useDroppable({ id: volume.id, data: { tier: volume.tier, place } });
  const setElement = useCallback(
    (node: HTMLElement | null) => {
      drag.setNodeRef(node);
      drop.setNodeRef(node);
    },
    [drag.setNodeRef, drop.setNodeRef],
  );
  const over = drop.isOver && drop.active?.data.current?.tier === volume.tier && drop.active.id !== volume.id;
  return (
    <li
      ref={setElement}
      aria-label={volume.name}
      className={cn(
        "rounded-lg border border-line bg-panel p-3",
        drag.isDragging && "opacity-50",
        over && "border-accent ring-1 ring-accent",
        !volume.enabled && "bg-panel/50",
      )}
    >
      <div className="flex items-start gap-2">
        {count > 1 && (
          <span
            {...drag.listeners}
            className="-ml-1 mt-0.5 grid size-6 shrink-0 cursor-grab touch-none place-items-center text-fg-muted max-sm:hidden coarse:size-10"
            aria-hidden="true"
          >
            <GripVertical className="size-4" />
          </span>
        )}
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5">
            <h3 className="font-medium text-sm [overflow-wrap:anywhere]">{volume.name}</h3>
            <VolumeState volume={volume} />
          </div>
          <p className="text-fg-muted text-xs [overflow-wrap:anywhere]">{volume.location}</p>
        </div>
        {count > 1 && (
          <>
            <Button
              size="icon"
              variant="ghost"
              disabled={place === 0 || busy}
              aria-label={`${t("storage.up")}: ${volume.name}`}
              onClick={() => actions.move(volume, place - 1)}
            >
              <ArrowUp aria-hidden="true" />
            </Button>
            <Button
              size="icon"
              variant="ghost"
              disabled={place === count - 1 || busy}
              aria-label={`${t("storage.down")}: ${volume.name}`}
              onClick={() => actions.move(volume, place + 1)}
            >
              <ArrowDown aria-hidden="true" />
            </Button>
          </>
        )}
        <Menu
          trigger={
            <Button variant="ghost" size="icon" aria-label={`${t("common.actions")}: ${volume.name}`}>
              <EllipsisVertical aria-hidden="true" />
            </Button>
          }
        >
          <MenuItem icon={<Pencil />} onSelect={() => actions.edit(volume)}>
            {t("storage.editAction")}
          </MenuItem>
          {volume.kind === "local" && (
            <MenuItem icon={<Wrench />} onSelect={() => actions.test(volume)}>
              {t("storage.test")}
            </MenuItem>
          )}
          <MenuItem icon={<Power />} onSelect={() => actions.toggle(volume)}>
            {volume.enabled ? t("storage.disable") : t("storage.enable")}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={<Trash2 />} danger onSelect={() => actions.remove(volume)}>
            {t("common.remove")}
          </MenuItem>
        </Menu>
      </div>
      {volume.stateDetail !== null && volume.state !== "ok" && (
        <p role="alert" className="mt-1 text-danger text-xs [overflow-wrap:anywhere]">
          {volume.stateDetail}
        </p>
      )}
      <div className="mt-2">
        <FillBar volume={volume} usage={usage} />
      </div>
      <Figures volume={volume} usage={usage} atMicros={atMicros} />
    </li>
  );
}

function VolumeState({ volume }: { readonly volume: StorageVolume }): ReactNode {
  const { t } = useTranslation();
  if (!volume.enabled) {
    return (
      <span className="flex items-center gap-1 text-fg-muted text-xs">
        <CirclePause className="size-3.5" aria-hidden="true" />
        {t("storage.disabled")}
      </span>
    );
  }
  const ok = volume.state === "ok";
  const Icon = ok ? CircleCheck : CircleAlert;
  return (
    <span
      className={cn(
        "flex items-center gap-1 text-xs",
        ok ? "text-ok" : volume.state === "slow" ? "text-warn" : "font-medium text-danger",
      )}
    >
      <Icon className="size-3.5" aria-hidden="true" />
      {t(`storage.states.${volume.state}`)}
    </span>
  );
}

function Figures({ volume, usage, atMicros }: Pick<VolumeCardProps, "volume" | "usage" | "atMicros">): ReactNode {
  const { t, i18n } = useTranslation();
  const date = new Intl.DateTimeFormat(i18n.resolvedLanguage, { dateStyle: "medium" });
  const number = new Intl.NumberFormat(i18n.resolvedLanguage, { maximumFractionDigits: 1 });
  const forecast = usage === undefined ? undefined : daysLeft(volume, usage, atMicros);
  const perSecond = usage === undefined ? 0 : lastHourRate(usage, atMicros);
  const figures: readonly (readonly [string, string])[] = [
    [t("storage.rate"), `${byteText(perSecond)}/s`],
    [t("storage.perDay"), byteText(usage?.bytesLastDay ?? 0)],
    [t("storage.forecast"), forecast === undefined ? "–" : t("storage.fullIn", { days: number.format(forecast) })],
    [t("storage.oldest"), usage === undefined ? "–" : date.format(usage.firstMicros / 1000)],
    [t("storage.files"), number.format(volume.segments)],
  ];
  const soon = forecast !== undefined && forecast < 2;
  return (
    <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-1 text-xs">
      {figures.map(([label, value], index) => (
        <div key={label} className="flex gap-1.5">
          <dt className="text-fg-muted">{label}</dt>
          <dd className={cn("nums text-fg-soft", index === 2 && soon && "font-medium text-warn")}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
