import { useTranslation } from "react-i18next";

/** Instants of the server in the reader's language and time zone, to the second. */
export function useInstantText(): (instant: string) => string {
  const { i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.resolvedLanguage, {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  });
  return (instant) => format.format(new Date(instant));
}
