import { Link } from "@tanstack/react-router";
import { CircleAlert, MapPinOff, ServerOff } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { millis } from "../../shared/lib/time.ts";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/states.tsx";
import { Logo } from "./logo.tsx";
import { useServices } from "./services.ts";

function FullPage({ children }: { readonly children: ReactNode }): ReactNode {
  return <main className="grid h-full place-items-center">{children}</main>;
}

export function Splash(): ReactNode {
  const { t } = useTranslation();
  return (
    <FullPage>
      <div role="status" className="flex flex-col items-center gap-3 text-fg-muted text-xs">
        <Logo className="h-8 w-10 animate-pulse-soft" />
        {t("app.loading")}
      </div>
    </FullPage>
  );
}

export function NotFoundPage(): ReactNode {
  const { t } = useTranslation();
  return (
    <FullPage>
      <EmptyState
        icon={<MapPinOff />}
        title={t("errors.pageNotFound")}
        action={
          <Link to="/" className="text-accent text-sm underline-offset-4 hover:underline">
            {t("errors.backToLive")}
          </Link>
        }
      />
    </FullPage>
  );
}

export function CrashedPage(): ReactNode {
  const { t } = useTranslation();
  return (
    <FullPage>
      <EmptyState
        icon={<CircleAlert className="text-danger" />}
        title={t("errors.crashed")}
        action={<Button onClick={() => location.reload()}>{t("errors.reload")}</Button>}
      />
    </FullPage>
  );
}

const RETRY_SECONDS = 5;

/** The app shell comes from the service worker; the server does not answer. Tries until it does. */
export function ServerDownPage(): ReactNode {
  const { t } = useTranslation();
  const { session, clock } = useServices();
  const [seconds, setSeconds] = useState(RETRY_SECONDS);
  useEffect(() => {
    const timer = clock.every(millis(1000), () => setSeconds((left) => Math.max(0, left - 1)));
    return () => timer.cancel();
  }, [clock]);
  useEffect(() => {
    if (seconds === 0) void session.restore();
  }, [seconds, session]);
  return (
    <FullPage>
      <div role="alert">
        <EmptyState
          icon={<ServerOff className="text-warn" />}
          title={t("errors.serverDown")}
          lead={t("errors.serverDownLead")}
          action={
            <div className="flex flex-col items-center gap-2">
              <Button onClick={() => void session.restore()}>{t("banner.retryNow")}</Button>
              <span className="nums text-fg-muted text-xs">{t("errors.retryIn", { seconds })}</span>
            </div>
          }
        />
      </div>
    </FullPage>
  );
}
