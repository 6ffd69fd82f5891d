import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Input, TextField } from "../../ui/field.tsx";
import { useWall } from "../live/wall-context.tsx";
import { OccurrenceChoice } from "../playback/occurrence-choice.tsx";
import { instantOf, type TypedTime, typedTime } from "../playback/typed-time.ts";
import { useLocalTime } from "../playback/use-local-time.ts";
import { inTreeOrder, matches } from "../tree/build-tree.ts";
import { tookCase } from "./use-cases.ts";

const HOUR_MICROS = 3_600_000_000;
const MOST_SHOWN = 200;

/** Cameras and times typed in: for footage that nobody looks at just now. */
export function RangeDialog(props: { readonly caseId: string; readonly onClose: () => void }): ReactNode {
  const { caseId, onClose } = props;
  const { t } = useTranslation();
  const { api, clock } = useServices();
  const { cameras } = useWall();
  const { zone } = useLocalTime();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [query, setQuery] = useState("");
  const [from, setFrom] = useState(() => typedTime(clock.utcMicros() - HOUR_MICROS, zone));
  const [to, setTo] = useState(() => typedTime(clock.utcMicros(), zone));
  const [note, setNote] = useState("");
  const startMicros = instantOf(from, zone);
  const endMicros = instantOf(to, zone);
  const backwards = startMicros !== undefined && endMicros !== undefined && endMicros <= startMicros;
  const list = inTreeOrder(cameras.data ?? []).filter(
    (camera) => chosen.includes(camera.id) || matches(camera, query.trim()),
  );

  const form = useSubmit(async () => {
    if (startMicros === undefined || endMicros === undefined) return;
    const items = chosen.map((cameraId) => ({ cameraId, startMicros, endMicros, note }));
    await tookCase(queries, await api.addCaseItems(caseId, items));
    onClose();
  });
  const missing = t("playback.noSuchTime");
  return (
    <FormDialog
      form={form}
      title={t("cases.addRange")}
      action={t("cases.add")}
      ready={chosen.length > 0 && startMicros !== undefined && endMicros !== undefined && !backwards}
      onClose={onClose}
    >
      <fieldset>
        <legend className="mb-1 font-medium text-fg-soft text-xs">{t("cases.cameras")}</legend>
        <Input
          type="search"
          aria-label={t("tree.search")}
          placeholder={t("tree.search")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <div className="mt-1 max-h-48 overflow-y-auto rounded-md border border-line px-2 py-1">
          {list.slice(0, MOST_SHOWN).map((camera) => (
            <label key={camera.id} className="flex items-center gap-2 py-1 text-sm coarse:min-h-11">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-accent"
                checked={chosen.includes(camera.id)}
                onChange={(event) =>
                  setChosen(event.target.checked ? [...chosen, camera.id] : chosen.filter((one) => one !== camera.id))
                }
              />
              <span className="truncate">{camera.name}</span>
              <span className="truncate text-fg-muted text-xs">{camera.group}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <div className="grid gap-3 sm:grid-cols-2">
        <TimeField
          label={t("cases.from", { zone: zone.name })}
          error={startMicros === undefined ? missing : undefined}
          time={from}
          onChange={setFrom}
        />
        <TimeField
          label={t("cases.to")}
          error={endMicros === undefined ? missing : backwards ? t("cases.backwards") : undefined}
          time={to}
          onChange={setTo}
        />
      </div>
      <TextField
        label={t("cases.rangeNote")}
        optional={t("common.optional")}
        maxLength={4000}
        value={note}
        onChange={setNote}
      />
    </FormDialog>
  );
}

interface TimeFieldProps {
  readonly label: string;
  readonly error: string | undefined;
  readonly time: TypedTime;
  readonly onChange: (time: TypedTime) => void;
}

function TimeField({ label, error, time, onChange }: TimeFieldProps): ReactNode {
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <TextField
        label={label}
        error={error}
        type="datetime-local"
        step={1}
        required
        value={time.text}
        onChange={(text) => onChange({ ...time, text })}
      />
      <OccurrenceChoice label={label} time={time} onChange={onChange} />
    </div>
  );
}
