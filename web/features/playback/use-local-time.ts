import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { createTimeText, type TimeText } from "./time-text.ts";
import { browserZone, type Zone } from "./zone.ts";

export interface LocalTime {
  readonly zone: Zone;
  readonly text: TimeText;
}

/** The viewer's own time zone, in the console's language. */
export function useLocalTime(): LocalTime {
  const { i18n } = useTranslation();
  const language = i18n.resolvedLanguage ?? "en";
  return useMemo(() => {
    const zone = browserZone();
    return { zone, text: createTimeText(language, zone) };
  }, [language]);
}
