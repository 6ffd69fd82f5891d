import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../app/services.ts";
import { changeLanguage, LANGUAGE_NAMES, LANGUAGES } from "../../i18n/i18n.ts";
import { Field, Input, Select } from "../../ui/field.tsx";
import { SkeletonRows } from "../../ui/states.tsx";
import { StepFrame } from "./step-frame.tsx";
import { useServerPlace } from "./use-setup.ts";
import type { StepProps } from "./welcome-page.tsx";

const zones = Intl.supportedValuesOf("timeZone");

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name !== "";
  } catch {
    return false;
  }
}

/** Time zone and language. The browser's are offered: whoever sets a server up sits beside it, as a rule. */
export function PlaceStep(props: StepProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { api, clock } = useServices();
  const place = useServerPlace();
  const [chosen, setChosen] = useState<string>();
  if (place.isPending) return <SkeletonRows count={3} />;
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const timeZone = chosen ?? (place.data === undefined || place.data.timeZone === "UTC" ? own : place.data.timeZone);
  const valid = isZone(timeZone);
  const language = i18n.resolvedLanguage === "ko" ? "ko" : "en";
  const now = new Date(clock.utcMicros() / 1000);
  const time = valid
    ? new Intl.DateTimeFormat(language, { timeZone, dateStyle: "full", timeStyle: "short" }).format(now)
    : "";
  return (
    <StepFrame
      {...props}
      title={t("setup.place.title")}
      lead={t("setup.place.lead")}
      action={t("setup.next")}
      invalid={!valid}
      save={() => api.setServerPlace({ timeZone, language })}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label={t("setup.place.timeZone")}
          error={valid ? undefined : t("setup.place.unknownZone")}
          hint={t("setup.place.now", { time })}
        >
          {(control) => (
            <>
              <Input
                {...control}
                list="setup-zones"
                value={timeZone}
                maxLength={64}
                spellCheck={false}
                onChange={(event) => setChosen(event.target.value)}
              />
              <datalist id="setup-zones">
                {zones.map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label={t("setup.place.language")} hint={t("setup.place.languageHint")}>
          {(control) => (
            <Select
              {...control}
              value={language}
              onChange={(event) => changeLanguage(i18n, event.target.value === "ko" ? "ko" : "en")}
            >
              {LANGUAGES.map((name) => (
                <option key={name} value={name} lang={name}>
                  {LANGUAGE_NAMES[name]}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </StepFrame>
  );
}
