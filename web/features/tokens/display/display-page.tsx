import { MonitorPlay, MonitorX, WifiOff } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { millis } from "../../../../shared/lib/time.ts";
import { errorText } from "../../../app/error-text.ts";
import { useServices, useSession } from "../../../app/services.ts";
import { Button } from "../../../ui/button.tsx";
import { EmptyState } from "../../../ui/states.tsx";
import { WallProvider } from "../../live/wall-context.tsx";
import { enrol } from "./display-fetch.ts";
import { createDisplayStore } from "./display-key.ts";
import { DisplayWall } from "./display-wall.tsx";

const RETRY_MS = millis(5_000);
const CODE = /^#(fve_[A-Za-z0-9_-]{43})$/;

/** A wall display: set up by a one-time link, from then on it shows its layout, without a menu and without a way out. */
export function DisplayPage(): ReactNode {
  const [code, setCode] = useState(() => CODE.exec(location.hash)?.[1]);
  if (code !== undefined) return <Pairing code={code} onDone={() => setCode(undefined)} />;
  return <Shown />;
}

/** Asked for, because a link that is only looked at must not use itself up. */
function Pairing({ code, onDone }: { readonly code: string; readonly onDone: () => void }): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const pair = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await enrol((input, init) => fetch(input, init), createDisplayStore(), code);
      // The code is used up; it shall not stay in the history either.
      history.replaceState(history.state, "", "/display");
      await session.restore();
      onDone();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Message
      icon={<MonitorPlay />}
      title={t("displays.pairTitle")}
      lead={error === undefined ? t("displays.pairLead") : errorText(t, error)}
      alert={error !== undefined}
      action={
        <Button variant="primary" autoFocus busy={busy} onClick={() => void pair()}>
          {t("displays.pair")}
        </Button>
      }
    />
  );
}

function Shown(): ReactNode {
  const { t } = useTranslation();
  const session = useSession();
  useRetry(session.status === "unreachable");
  useAwake(session.status === "signed-in");
  switch (session.status) {
    case "restoring":
      return <main className="on-dark h-full bg-canvas" aria-busy="true" />;
    case "unreachable":
      return <Message icon={<WifiOff />} title={t("displays.away")} lead={t("displays.awayLead")} />;
    case "signed-out":
      return <Message icon={<MonitorX />} title={t("displays.over")} lead={t("displays.overLead")} />;
    case "signed-in":
      return (
        <WallProvider key={session.user.id}>
          <DisplayWall name={session.user.displayName} />
        </WallProvider>
      );
  }
}

/** A server that was away when the screen was switched on. */
function useRetry(away: boolean): void {
  const { session, clock } = useServices();
  useEffect(() => {
    if (!away) return;
    const timer = clock.every(RETRY_MS, () => void session.restore());
    return () => timer.cancel();
  }, [away, session, clock]);
}

/** Where the browser can: the screen does not go to sleep. The lock ends whenever the page is hidden. */
function useAwake(on: boolean): void {
  useEffect(() => {
    if (!on || !("wakeLock" in navigator)) return;
    let lock: WakeLockSentinel | undefined;
    const ask = (): void => {
      if (document.visibilityState !== "visible") return;
      void navigator.wakeLock.request("screen").then(
        (given) => {
          lock = given;
        },
        () => undefined,
      );
    };
    ask();
    document.addEventListener("visibilitychange", ask);
    return () => {
      document.removeEventListener("visibilitychange", ask);
      void lock?.release();
    };
  }, [on]);
}

interface MessageProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly lead: string;
  readonly alert?: boolean;
  readonly action?: ReactNode;
}

function Message({ icon, title, lead, alert = false, action }: MessageProps): ReactNode {
  return (
    <main className="on-dark grid h-full place-items-center bg-canvas">
      <div role={alert ? "alert" : "status"}>
        <EmptyState icon={icon} title={title} lead={lead} action={action} />
      </div>
    </main>
  );
}
