import { type FormEvent, type ReactNode, useState } from "react";
import { DayPicker } from "react-day-picker";
import { enGB, ko } from "react-day-picker/locale";
import { useTranslation } from "react-i18next";
import { useTimelineDays } from "../../api/queries.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { OccurrenceChoice } from "./occurrence-choice.tsx";
import { usePlaybackContext } from "./playback-context.tsx";
import { instantOf, type TypedTime, typedTime } from "./typed-time.ts";
import { useLocalTime } from "./use-local-time.ts";

/** A day with footage, and a time on it. */
export function GoToDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t, i18n } = useTranslation();
  const { api, clock } = useServices();
  const { controller, cameraIds } = usePlaybackContext();
  const { zone } = useLocalTime();
  const [atMicros] = useState(() => controller.position().micros);
  const [nowMicros] = useState<number>(() => clock.utcMicros());
  const [opened] = useState(() => typedTime(atMicros, zone));
  const [day, setDay] = useState(opened.text.slice(0, 10));
  const [time, setTime] = useState(opened.text.slice(11));
  const [second, setSecond] = useState(opened.second);
  const [month, setMonth] = useState(day.slice(0, 7));
  const days = useTimelineDays(api, cameraIds, month, zone.name);
  const withFootage = new Set(days.data?.month === month ? days.data.days : []);
  const typed: TypedTime = { text: `${day}T${time}`, second };
  const instant = instantOf(typed, zone);
  const future = instant !== undefined && instant > nowMicros;

  // The picker counts in the browser's own days, which are the clock's: both use its zone.
  const asDate = (iso: string): Date => {
    const [year = 1970, number = 1, date = 1] = iso.split("-").map(Number);
    return new Date(year, number - 1, date);
  };
  const asIso = (date: Date): string =>
    `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (instant === undefined || future) return;
    controller.seek(instant);
    onClose();
  };

  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={t("playback.goTo")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <DayPicker
          mode="single"
          required
          locale={i18n.language === "ko" ? ko : enGB}
          month={asDate(`${month}-01`)}
          onMonthChange={(date) => setMonth(asIso(date).slice(0, 7))}
          selected={asDate(day)}
          onSelect={(date: Date) => setDay(asIso(date))}
          disabled={{ after: new Date(nowMicros / 1000) }}
          modifiers={{ footage: (date) => asIso(date).startsWith(month) && withFootage.has(date.getDate()) }}
          modifiersClassNames={{ footage: "calendar-footage" }}
          classNames={{
            months: "relative",
            month_caption: "flex h-8 items-center justify-center font-medium text-sm",
            nav: "absolute inset-x-0 top-0 flex h-8 items-center justify-between",
            button_previous:
              "inline-grid size-8 place-items-center rounded-md hover:bg-hover [&_svg]:size-4 [&_svg]:fill-fg-soft",
            button_next:
              "inline-grid size-8 place-items-center rounded-md hover:bg-hover [&_svg]:size-4 [&_svg]:fill-fg-soft",
            month_grid: "mt-2 w-full table-fixed border-collapse",
            weekday: "h-7 font-normal text-fg-muted text-xs",
            day: "p-0.5 text-center",
            day_button:
              "relative mx-auto grid size-9 place-items-center rounded-md text-sm hover:bg-hover disabled:opacity-35 coarse:size-11",
            selected: "[&>button]:bg-accent-strong [&>button]:text-accent-fg",
            today: "font-semibold text-accent",
            outside: "opacity-40",
          }}
        />
        <p className="flex items-center gap-2 text-fg-muted text-xs">
          <span className="h-1 w-4 rounded-full bg-ok" aria-hidden="true" />
          {days.isError ? t("playback.daysFailed") : t("playback.daysLegend")}
        </p>
        <label className="flex flex-col gap-1 text-sm">
          <span className="text-fg-soft">{t("playback.time", { zone: zone.offsetName(instant ?? atMicros) })}</span>
          <input
            type="time"
            step={1}
            required
            value={time}
            onChange={(event) => setTime(event.target.value)}
            className="nums h-9 rounded-md border border-line-strong bg-raised px-2 coarse:h-11"
          />
        </label>
        <OccurrenceChoice time={typed} onChange={({ second }) => setSecond(second)} />
        {instant === undefined && <p className="text-danger text-sm">{t("playback.noSuchTime")}</p>}
        {future && <p className="text-danger text-sm">{t("playback.future")}</p>}
        <Button type="submit" variant="primary" disabled={instant === undefined || future}>
          {t("playback.go")}
        </Button>
      </form>
    </Dialog>
  );
}
