import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { EXPORT_FORMATS } from "../../../shared/api/recording.ts";
import type { ExportBody } from "../../api/endpoints.ts";
import { useCan } from "../../app/permissions.ts";
import { Field, Input, Select } from "../../ui/field.tsx";

const check = "size-4 shrink-0 accent-accent";
const SHORTEST_PASSPHRASE = 12;

export interface ExportChoices {
  readonly title: string;
  readonly format: (typeof EXPORT_FORMATS)[number];
  readonly audio: boolean;
  readonly watermark: boolean;
  readonly passphrase: string;
  readonly passphraseAgain: string;
  readonly reason: string;
}

export interface ExportForm {
  readonly choices: ExportChoices;
  readonly set: (change: Partial<ExportChoices>) => void;
  /** All that the server will ask for is there. */
  readonly ready: boolean;
  /** What goes to the server, without the footage. */
  readonly body: Omit<ExportBody, "items">;
}

export function useExportForm(title: string): ExportForm {
  const mayHear = useCan()("audio.hear");
  const [choices, setChoices] = useState<ExportChoices>({
    title: title.slice(0, 200),
    format: "mp4",
    audio: mayHear,
    watermark: false,
    passphrase: "",
    passphraseAgain: "",
    reason: "",
  });
  const { passphrase, passphraseAgain, ...rest } = choices;
  const sealed = choices.format === "sealed";
  const passphraseReady = passphrase.length >= SHORTEST_PASSPHRASE && passphrase === passphraseAgain;
  return {
    choices,
    set: (change) => setChoices((before) => ({ ...before, ...change })),
    ready: choices.title.trim() !== "" && (!sealed || passphraseReady),
    body: { ...rest, watermark: rest.watermark && !sealed, ...(sealed ? { passphrase } : {}) },
  };
}

/** Title of a package. */
export function ExportTitle({ form: { choices, set } }: { readonly form: ExportForm }): ReactNode {
  const { t } = useTranslation();
  return (
    <Field label={t("exports.title")}>
      {(control) => (
        <Input
          {...control}
          required
          maxLength={200}
          value={choices.title}
          onChange={(event) => set({ title: event.target.value })}
        />
      )}
    </Field>
  );
}

/** Format of a package, what goes with it, and why it is made. */
export function ExportFields({ form: { choices, set } }: { readonly form: ExportForm }): ReactNode {
  const { t } = useTranslation();
  const mayHear = useCan()("audio.hear");
  return (
    <>
      <Field label={t("exports.format")}>
        {(control) => (
          <Select
            {...control}
            value={choices.format}
            onChange={(event) => set({ format: EXPORT_FORMATS.find((one) => one === event.target.value) ?? "mp4" })}
          >
            {EXPORT_FORMATS.map((one) => (
              <option key={one} value={one}>
                {t(`exports.formats.${one}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {choices.format === "sealed" ? (
        <PassphraseFields choices={choices} set={set} />
      ) : (
        <>
          <label className="flex items-center gap-2 text-sm coarse:min-h-11">
            <input
              type="checkbox"
              className={check}
              checked={choices.audio}
              disabled={!mayHear}
              onChange={(event) => set({ audio: event.target.checked })}
            />
            {t("exports.audio")}
          </label>
          <label className="flex items-center gap-2 text-sm coarse:min-h-11">
            <input
              type="checkbox"
              className={check}
              checked={choices.watermark}
              onChange={(event) => set({ watermark: event.target.checked })}
            />
            {t("exports.watermark")}
          </label>
        </>
      )}
      <Field label={t("exports.reason")}>
        {(control) => (
          <Input
            {...control}
            maxLength={500}
            value={choices.reason}
            onChange={(event) => set({ reason: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}

/** Asked for twice: nobody can tell it again. */
function PassphraseFields({ choices, set }: Pick<ExportForm, "choices" | "set">): ReactNode {
  const { t } = useTranslation();
  const { passphrase, passphraseAgain } = choices;
  const differs = passphraseAgain !== "" && !passphrase.startsWith(passphraseAgain);
  const short = passphrase !== "" && passphraseAgain !== "" && passphrase.length < SHORTEST_PASSPHRASE;
  const common = { type: "password", autoComplete: "new-password", maxLength: 256 } as const;
  return (
    <>
      <Field
        label={t("exports.passphrase")}
        hint={t("exports.passphraseHint")}
        error={short ? t("exports.passphraseHint") : undefined}
      >
        {(control) => (
          <Input
            {...control}
            {...common}
            minLength={SHORTEST_PASSPHRASE}
            value={passphrase}
            onChange={(event) => set({ passphrase: event.target.value })}
          />
        )}
      </Field>
      <Field label={t("exports.passphraseAgain")} error={differs ? t("exports.passphraseDiffers") : undefined}>
        {(control) => (
          <Input
            {...control}
            {...common}
            value={passphraseAgain}
            onChange={(event) => set({ passphraseAgain: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
