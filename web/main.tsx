import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nextProvider } from "react-i18next";
import { Toaster } from "sonner";
import { systemClock } from "../shared/lib/clock.ts";
import { createApi } from "./api/endpoints.ts";
import { createHttpClient } from "./api/http-client.ts";
import { createQueryClient } from "./api/queries.ts";
import { createSessionStore } from "./api/session.ts";
import { createEngineSlot } from "./app/engine-host.ts";
import { InsecurePage } from "./app/insecure-page.tsx";
import { createAppRouter } from "./app/router.tsx";
import { createServerClock } from "./app/server-clock.ts";
import { ServicesProvider } from "./app/services.ts";
import { applyTheme, deviceTheme } from "./app/theme.ts";
import { createWallEngine } from "./engine/create-wall-engine.ts";
import { installStatsHook } from "./engine/stats-hook.ts";
import { DISPLAY_PATH, displayFetch } from "./features/tokens/display/display-fetch.ts";
import { createDisplayStore } from "./features/tokens/display/display-key.ts";
import { createI18n, followAccount, preferredLanguage } from "./i18n/i18n.ts";
import { UpdatePrompt } from "./pwa/update-prompt.tsx";
import "./styles/app.css";
import { TooltipProvider } from "./ui/tooltip.tsx";

/** The page's composition root: builds, wires, renders. Nothing else in web/ makes a singleton. */

const clock = systemClock();
const serverClock = createServerClock(clock);
const isDisplay = location.pathname === DISPLAY_PATH;
const plainFetch = (input: string, init?: RequestInit): Promise<Response> => fetch(input, init);
const fetchFromServer = isDisplay ? displayFetch(plainFetch, createDisplayStore()) : plainFetch;
const oneTabAtATime = <T,>(run: () => Promise<T>): Promise<T> =>
  "locks" in navigator ? navigator.locks.request("fluxvision.refresh", run) : run();

const hintKey = "fluxvision.signed-in";
const session = isDisplay
  ? createSessionStore(fetchFromServer, clock)
  : createSessionStore(fetchFromServer, clock, oneTabAtATime, {
      get: () => localStorage.getItem(hintKey) !== null,
      set: (signedIn) => (signedIn ? localStorage.setItem(hintKey, "1") : localStorage.removeItem(hintKey)),
    });
const api = createApi(createHttpClient(fetchFromServer, session));
const queries = createQueryClient();
const i18n = createI18n(preferredLanguage(localStorage, navigator.languages));
applyTheme(deviceTheme());

// For tests and support.
const parameters = new URLSearchParams(location.search);
const transport = parameters.get("transport");
const renderer = parameters.get("renderer");
const engines = createEngineSlot({
  createEngine: () =>
    createWallEngine({
      onServerTime: (micros) => serverClock.learn(micros),
      ...(renderer === "webgpu" || renderer === "webgl2" ? { renderer } : {}),
    }),
  installStatsHook,
  createCanvas: () => {
    const canvas = document.createElement("canvas");
    canvas.className = "pointer-events-none absolute inset-0 size-full";
    canvas.setAttribute("aria-hidden", "true");
    return canvas;
  },
  api,
  session,
  clock,
  location,
  transport: transport === "websocket" || transport === "webtransport" ? transport : undefined,
});

// Nothing of one user may be shown to the next, whether signed out here or exchanged by a sign-in in another tab.
let shownUser: string | undefined;
session.subscribe(() => {
  const current = session.current();
  const user = current.status === "signed-in" ? current.user.id : undefined;
  if (current.status === "signed-out" || (user !== undefined && shownUser !== undefined && user !== shownUser)) {
    queries.clear();
  }
  if (current.status === "signed-out" || user !== undefined) shownUser = user;
  // A display has no account of its own: it keeps to the browser's language.
  if (current.status !== "signed-in" || isDisplay) return;
  if (current.language !== undefined) followAccount(i18n, current.language);
  if (current.theme !== undefined) applyTheme(current.theme);
});
if (isSecureContext) void session.restore();

const router = createAppRouter();
const root = document.getElementById("root");
if (root === null) throw new Error("#root is missing");
createRoot(root).render(
  <StrictMode>
    <I18nextProvider i18n={i18n}>
      <ServicesProvider value={{ api, session, engines, clock: serverClock }}>
        <QueryClientProvider client={queries}>
          <TooltipProvider delayDuration={500} skipDelayDuration={200}>
            {isSecureContext ? <RouterProvider router={router} /> : <InsecurePage />}
            {isSecureContext && !isDisplay && <UpdatePrompt />}
            <Toaster
              theme="dark"
              position="bottom-right"
              offset={{ bottom: 40, right: 16 }}
              closeButton
              visibleToasts={4}
            />
          </TooltipProvider>
        </QueryClientProvider>
      </ServicesProvider>
    </I18nextProvider>
  </StrictMode>,
);
