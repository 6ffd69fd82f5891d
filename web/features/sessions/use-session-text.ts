import { useTranslation } from "react-i18next";
import type { SessionInfo } from "../../../shared/api/identity.ts";
import { enSessions } from "../../i18n/en-identity.ts";

type Method = keyof typeof enSessions.method;

function isMethod(name: string): name is Method {
  return Object.hasOwn(enSessions.method, name);
}

/** Words for what a session is. */
export function useSessionText(): {
  methods(session: SessionInfo): string;
  when(instant: string): string;
} {
  const { t, i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.resolvedLanguage, {
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  });
  return {
    methods: ({ methods }) => methods.map((name) => (isMethod(name) ? t(`sessions.method.${name}`) : name)).join(" + "),
    when: (instant) => format.format(new Date(instant)),
  };
}
