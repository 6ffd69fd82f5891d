import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { ReauthProvider } from "../features/auth/reauth-provider.tsx";
import { CameraDialogs } from "../features/cameras/camera-dialogs.tsx";
import { HelpProvider } from "../features/help/help-provider.tsx";
import { WallProvider } from "../features/live/wall-context.tsx";
import { EmergencyBanner } from "../features/recording/emergency.tsx";
import { SetupReminder } from "../features/setup/setup-reminder.tsx";
import { StorageAlarm } from "../features/storage/storage-alarm.tsx";
import { ServerDownPage, Splash } from "./error-pages.tsx";
import { safeReturnPath } from "./return-path.ts";
import { useSession } from "./services.ts";
import { TopBar } from "./top-bar.tsx";
import { useKiosk } from "./use-kiosk.ts";

/** The gate: everything below it has a signed-in user. */
export function SignedInShell(): ReactNode {
  const session = useSession();
  switch (session.status) {
    case "restoring":
      return <Splash />;
    case "unreachable":
      return <ServerDownPage />;
    case "signed-out":
      return <ToSignIn />;
    case "signed-in":
      return (
        // A new user starts with their own layouts, drafts and selection.
        <WallProvider key={session.user.id}>
          <ReauthProvider>
            <HelpProvider>
              <CameraDialogs>
                <Chrome />
              </CameraDialogs>
            </HelpProvider>
          </ReauthProvider>
        </WallProvider>
      );
  }
}

/** Remembers the page that was asked for. Once: while the router is on its way, the location is the sign-in page already. */
function ToSignIn(): ReactNode {
  const navigate = useNavigate();
  const { href } = useLocation();
  const [from] = useState(() => safeReturnPath(href));
  useEffect(() => {
    void navigate({ to: "/sign-in", search: from === "/" ? {} : { from }, replace: true });
  }, [navigate, from]);
  return null;
}

function Chrome(): ReactNode {
  const kiosk = useKiosk();
  return (
    <div className="flex h-full flex-col">
      {!kiosk && <TopBar />}
      <EmergencyBanner />
      {!kiosk && <StorageAlarm />}
      {!kiosk && <SetupReminder />}
      <div className="min-h-0 flex-1">
        <Outlet />
      </div>
    </div>
  );
}
