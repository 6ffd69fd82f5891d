import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import { Button } from "../../ui/button.tsx";
import { Input, Select } from "../../ui/field.tsx";

interface ControlIds {
  readonly id: string;
  readonly "aria-describedby": string;
}

interface ChoiceProps<T extends string> {
  readonly control: ControlIds;
  readonly value: T | undefined;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}

export function Choice<T extends string>({ control, value, options, onChange }: ChoiceProps<T>): ReactNode {
  const { t } = useTranslation();
  return (
    <Select
      {...control}
      className="max-w-72"
      value={value ?? ""}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.target.value);
        if (chosen !== undefined) onChange(chosen.value);
      }}
    >
      {value === undefined && <option value="">{t("recording.differs")}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </Select>
  );
}

interface NumberProps {
  readonly control: ControlIds;
  /** null: none; undefined: the scopes differ. */
  readonly value: number | null | undefined;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** What one of the unit is in the value's own unit. */
  readonly scale?: number;
  readonly onChange: (value: number | null) => void;
}

/** A whole number; nothing typed: inherited. What is out of range is not taken over until it is right. */
export function NumberBox({ control, value, unit, min, max, scale = 1, onChange }: NumberProps): ReactNode {
  const { t } = useTranslation();
  const shown = value === undefined || value === null ? "" : String(Math.round((value / scale) * 100) / 100);
  const [typed, setTyped] = useState(shown);
  useEffect(() => setTyped(shown), [shown]);
  const parsed = typed.trim() === "" ? null : Number(typed);
  const wrong = parsed !== null && !(Number.isFinite(parsed) && parsed >= min && parsed <= max);
  return (
    <span className="flex items-center gap-2">
      <Input
        {...control}
        type="number"
        inputMode="numeric"
        min={min}
        max={max}
        step={1}
        className="nums w-28"
        value={typed}
        aria-invalid={wrong || undefined}
        placeholder={value === undefined ? t("recording.differs") : t("recording.noValue")}
        onChange={(event) => {
          const text = event.target.value;
          setTyped(text);
          const next = text.trim() === "" ? null : Math.round(Number(text) * scale);
          if (next === null || (Number(text) >= min && Number(text) <= max)) onChange(next);
        }}
        onBlur={() => wrong && setTyped(shown)}
      />
      <span className="text-fg-muted text-xs">{unit}</span>
      {wrong && (
        <span role="alert" className="text-danger text-xs">
          {t("recording.outOfRange", { min, max })}
        </span>
      )}
    </span>
  );
}

interface VolumeChoiceProps {
  readonly volumes: readonly StorageVolume[];
  /** null: all, by priority; undefined: the scopes differ. */
  readonly value: readonly string[] | null | undefined;
  readonly onChange: (ids: string[] | null) => void;
}

/** Which volumes a camera is written to, in which order. */
export function VolumeChoice({ volumes, value, onChange }: VolumeChoiceProps): ReactNode {
  const { t } = useTranslation();
  const hot = volumes.filter(({ kind, tier }) => kind === "local" && tier === "hot");
  const chosen = (value ?? []).flatMap((id) => hot.find((volume) => volume.id === id) ?? []);
  const others = hot.filter((volume) => !chosen.includes(volume));
  const move = (index: number, by: number): void => {
    const ids = chosen.map(({ id }) => id);
    const [moved] = ids.splice(index, 1);
    if (moved !== undefined) ids.splice(index + by, 0, moved);
    onChange(ids);
  };
  const toggle = (id: string, on: boolean): void => {
    const ids = chosen.map((volume) => volume.id).filter((one) => one !== id);
    const next = on ? [...ids, id] : ids;
    onChange(next.length === 0 ? null : next);
  };
  if (hot.length === 0) return <p className="text-fg-muted text-xs">{t("recording.noVolumes")}</p>;
  return (
    <div>
      {chosen.length === 0 && (
        <p className="mb-1 text-fg-soft text-sm">
          {value === undefined ? t("recording.differs") : t("recording.allVolumes")}
        </p>
      )}
      <ul className="flex flex-col">
        {[...chosen, ...others].map((volume, index) => {
          const place = index < chosen.length ? index + 1 : undefined;
          return (
            <li key={volume.id} className="flex min-h-8 items-center gap-2 coarse:min-h-11">
              <label className="flex min-w-0 flex-1 items-center gap-2 text-sm">
                <input
                  type="checkbox"
                  className="size-4 shrink-0 accent-accent"
                  checked={place !== undefined}
                  onChange={(event) => toggle(volume.id, event.target.checked)}
                />
                {place !== undefined && <span className="nums text-fg-muted text-xs">{place}.</span>}
                <span className="truncate">{volume.name}</span>
                <span className="truncate text-fg-muted text-xs">{volume.location}</span>
              </label>
              {place !== undefined && chosen.length > 1 && (
                <>
                  <Button
                    size="icon"
                    variant="ghost"
                    disabled={index === 0}
                    aria-label={`${t("recording.earlier")}: ${volume.name}`}
                    onClick={() => move(index, -1)}
                  >
                    <ArrowUp aria-hidden="true" />
                  </Button>
                  <Button
                    size="icon"
                    variant="ghost"
                    disabled={index === chosen.length - 1}
                    aria-label={`${t("recording.later")}: ${volume.name}`}
                    onClick={() => move(index, 1)}
                  >
                    <ArrowDown aria-hidden="true" />
                  </Button>
                </>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
