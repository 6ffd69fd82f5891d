import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AuthFrame } from "../features/auth/auth-frame.tsx";

/** The port that a server serves https on unless it is configured otherwise; a page over http cannot ask. */
const DEFAULT_TLS_PORT = 8443;

/** The same page over https. `hostname` as in `location`: an IPv6 address stands in brackets there. */
export function secureAddress(location: Pick<Location, "hostname" | "pathname" | "search">): string {
  return `https://${location.hostname}:${DEFAULT_TLS_PORT}${location.pathname}${location.search}`;
}

/** Browsers give decoders, keys and GPUs to secure pages only. Shown before sign-in: no password goes over plain http. */
export function InsecurePage(): ReactNode {
  const { t } = useTranslation();
  return (
    <AuthFrame title={t("insecure.title")} lead={t("insecure.lead")}>
      <a
        href={secureAddress(location)}
        className="font-medium text-accent text-sm underline-offset-4 [overflow-wrap:anywhere] hover:underline"
      >
        {t("insecure.open", { host: `${location.hostname}:${DEFAULT_TLS_PORT}` })}
      </a>
      <p className="mt-3 text-fg-muted text-xs">{t("insecure.hint")}</p>
    </AuthFrame>
  );
}
