import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { WeeklySchedule } from "../../../shared/api/recording.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
import { createTimeText } from "../playback/time-text.ts";
import { browserZone, Zone } from "../playback/zone.ts";
import { BrushChoice, useDayNames, WeekCanvas } from "./week-canvas.tsx";
import { type Brush, copyDay, filledWeek, fillSpan, hoursOf, SLOTS, slotTime } from "./week-grid.ts";

interface WeekEditorProps {
  readonly schedule: WeeklySchedule;
  readonly onChange: (schedule: WeeklySchedule) => void;
}

const HALF_YEAR_MICROS = 183 * 86_400_000_000;
const WORKDAYS = [0, 1, 2, 3, 4];
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6];

/** The weekly grid with its brushes, day copies, exact spans and time zone. */
export function WeekEditor({ schedule, onChange }: WeekEditorProps): ReactNode {
  const { t } = useTranslation();
  const [brush, setBrush] = useState<Brush>("c");
  const { days: week } = schedule;
  const change = (days: WeeklySchedule["days"]): void => onChange({ ...schedule, days });
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <BrushChoice brush={brush} onBrush={setBrush} />
        <Button size="sm" variant="ghost" onClick={() => change(filledWeek(brush))}>
          {t("recording.week.fill")}
        </Button>
      </div>
      <WeekCanvas week={week} brush={brush} onBrush={setBrush} onChange={change} />
      <p className="nums text-fg-muted text-xs">
        {t("recording.week.hours", { continuous: hoursOf(week, "c"), event: hoursOf(week, "e") })}
      </p>
      <SpanForm brush={brush} onFill={(days, start, end) => change(fillSpan(week, days, start, end, brush))} />
      <CopyForm onCopy={(from, to) => change(copyDay(week, from, to))} />
      <ZoneField zone={schedule.timeZone} onChange={(timeZone) => onChange({ ...schedule, timeZone })} />
    </div>
  );
}

const dayButton =
  "h-7 min-w-9 rounded-md border border-line-strong px-1.5 text-fg-soft text-xs hover:bg-hover aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-fg coarse:h-11 coarse:min-w-11";

interface DayChoiceProps {
  readonly label: string;
  readonly chosen: readonly number[];
  readonly onChange: (days: readonly number[]) => void;
}

function DayChoice({ label, chosen, onChange }: DayChoiceProps): ReactNode {
  const days = useDayNames();
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1">
      {days.map(({ short, long }, day) => (
        <button
          key={long}
          type="button"
          aria-label={long}
          aria-pressed={chosen.includes(day)}
          className={dayButton}
          onClick={() => onChange(chosen.includes(day) ? chosen.filter((one) => one !== day) : [...chosen, day])}
        >
          {short}
        </button>
      ))}
    </div>
  );
}

/** Exact times without a steady hand: the grid's other way in. */
function SpanForm(props: {
  readonly brush: Brush;
  readonly onFill: (days: readonly number[], start: number, end: number) => void;
}): ReactNode {
  const { t } = useTranslation();
  const [days, setDays] = useState<readonly number[]>(WORKDAYS);
  const [start, setStart] = useState(16);
  const [end, setEnd] = useState(36);
  const times = Array.from({ length: SLOTS + 1 }, (_, slot) => slot);
  return (
    <div className="flex flex-wrap items-end gap-2">
      <DayChoice label={t("recording.week.days")} chosen={days} onChange={setDays} />
      <Field label={t("recording.week.from")} className="w-24">
        {(control) => (
          <Select {...control} value={start} onChange={(event) => setStart(Number(event.target.value))}>
            {times.slice(0, SLOTS).map((slot) => (
              <option key={slot} value={slot}>
                {slotTime(slot)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t("recording.week.to")} className="w-24">
        {(control) => (
          <Select {...control} value={end} onChange={(event) => setEnd(Number(event.target.value))}>
            {times.map((slot) => (
              <option key={slot} value={slot}>
                {slotTime(slot)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Button size="sm" disabled={days.length === 0} onClick={() => props.onFill(days, start, end)}>
        {t("recording.week.apply")}
      </Button>
      {end <= start && <p className="w-full text-fg-muted text-xs">{t("recording.week.overnight")}</p>}
    </div>
  );
}

function CopyForm({ onCopy }: { readonly onCopy: (from: number, to: readonly number[]) => void }): ReactNode {
  const { t } = useTranslation();
  const days = useDayNames();
  const [from, setFrom] = useState(0);
  const [to, setTo] = useState<readonly number[]>([]);
  const copy = (targets: readonly number[]): void =>
    onCopy(
      from,
      targets.filter((day) => day !== from),
    );
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Field label={t("recording.week.copy")} className="w-32">
        {(control) => (
          <Select {...control} value={from} onChange={(event) => setFrom(Number(event.target.value))}>
            {days.map(({ long }, day) => (
              <option key={long} value={day}>
                {long}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <DayChoice label={t("recording.week.copyTo")} chosen={to} onChange={setTo} />
      <Button size="sm" disabled={to.length === 0} onClick={() => copy(to)}>
        {t("recording.week.copyApply")}
      </Button>
      <Button size="sm" variant="ghost" onClick={() => copy(WORKDAYS)}>
        {t("recording.week.copyWorkdays")}
      </Button>
      <Button size="sm" variant="ghost" onClick={() => copy(EVERY_DAY)}>
        {t("recording.week.copyAll")}
      </Button>
    </div>
  );
}

function isZone(name: string): boolean {
  try {
    return new Zone(name).name === name;
  } catch {
    return false;
  }
}

/** Which clock the grid means, and what happens when it changes. */
function ZoneField(props: { readonly zone: string; readonly onChange: (zone: string) => void }): ReactNode {
  const { t, i18n } = useTranslation();
  const { clock } = useServices();
  const [typed, setTyped] = useState(props.zone);
  const known = isZone(typed);
  const now = clock.utcMicros();
  const zone = isZone(props.zone) ? new Zone(props.zone) : undefined;
  const [next] = zone?.transitions(now, now + HALF_YEAR_MICROS) ?? [];
  const text = zone && createTimeText(i18n.resolvedLanguage ?? "en", zone);
  const own = browserZone().name;
  return (
    <Field
      label={t("recording.week.zone")}
      error={known ? undefined : t("recording.week.noZone")}
      hint={
        zone !== undefined && text !== undefined && next !== undefined
          ? t("recording.week.dst", {
              when: text.date(next),
              before: zone.offsetName(next - 1),
              after: zone.offsetName(next),
            })
          : t("recording.week.noDst")
      }
    >
      {(control) => (
        <div className="flex gap-2">
          <Input
            {...control}
            list="time-zones"
            className="max-w-72"
            value={typed}
            maxLength={64}
            onChange={(event) => {
              setTyped(event.target.value);
              if (isZone(event.target.value)) props.onChange(event.target.value);
            }}
          />
          <datalist id="time-zones">
            {Intl.supportedValuesOf("timeZone").map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          {typed !== own && (
            <Button
              size="sm"
              variant="ghost"
              className="h-8"
              onClick={() => {
                setTyped(own);
                props.onChange(own);
              }}
            >
              {t("recording.week.ownZone", { zone: own })}
            </Button>
          )}
        </div>
      )}
    </Field>
  );
}
