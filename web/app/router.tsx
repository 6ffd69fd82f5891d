import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { rightsSearch } from "../features/admin/rights/rights-search.ts";
import { SetupPage } from "../features/auth/setup-page.tsx";
import { SignInPage } from "../features/auth/sign-in-page.tsx";
import { WallPage } from "../features/live/wall-page.tsx";
import { DISPLAY_PATH } from "../features/tokens/display/display-fetch.ts";
import { CrashedPage, NotFoundPage } from "./error-pages.tsx";
import { safeReturnPath } from "./return-path.ts";
import { SignedInShell } from "./shell.tsx";

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const rootRoute = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage, errorComponent: CrashedPage });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  // `oidc`: back from a provider, `done` or the code of an error.
  validateSearch: (search: Record<string, unknown>): { from?: string; oidc?: string } => {
    const from = safeReturnPath(text(search.from));
    const oidc = text(search.oidc)?.slice(0, 64);
    return { ...(from === "/" ? {} : { from }), ...(oidc === undefined ? {} : { oidc }) };
  },
  component: SignInPage,
});

const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/setup",
  validateSearch: (search: Record<string, unknown>): { token?: string } => {
    // The router reads "123" as a number; a token of digits only is still text.
    const token = typeof search.token === "number" ? String(search.token) : text(search.token);
    return token === undefined ? {} : { token };
  },
  component: SetupPage,
});

const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: "signed-in", component: SignedInShell });

const wallRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  validateSearch: (
    search: Record<string, unknown>,
  ): { kiosk?: 1; transport?: string; t?: string | number; camera?: string } => {
    const transport = text(search.transport);
    // A link to a moment: the router reads a time in ms as a number.
    const t = typeof search.t === "number" ? search.t : text(search.t);
    const camera = text(search.camera);
    return {
      ...(t === undefined ? {} : { t }),
      ...(camera === undefined ? {} : { camera }),
      ...(Number(search.kiosk) === 1 ? { kiosk: 1 as const } : {}),
      ...(transport === undefined ? {} : { transport }),
    };
  },
  component: WallPage,
});

const kioskRoute = createRoute({ getParentRoute: () => shellRoute, path: "/kiosk", component: WallPage });

const camerasRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/cameras",
  component: lazyRouteComponent(() => import("../features/cameras/cameras-page.tsx"), "CamerasPage"),
});

const profileRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/profile",
  component: lazyRouteComponent(() => import("../features/profile/profile-page.tsx"), "ProfilePage"),
});

const exportsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/exports",
  component: lazyRouteComponent(() => import("../features/exports/exports-page.tsx"), "ExportsPage"),
});

/** The first set-up. Can be left, and gone on with. */
const welcomeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/welcome",
  component: lazyRouteComponent(() => import("../features/setup/welcome-page.tsx"), "WelcomePage"),
});

/** Its pages are listed in features/admin/admin-nav.ts. */
const adminRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/admin",
  component: lazyRouteComponent(() => import("../features/admin/admin-shell.tsx"), "AdminShell"),
});

/** Where the page was before: links to it are kept. */
const oldUsersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/users",
  beforeLoad: () => {
    throw redirect({ to: "/admin/users", replace: true });
  },
});

const usersRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/users",
  component: lazyRouteComponent(() => import("../features/users/users-page.tsx"), "UsersPage"),
});

const groupsRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/groups",
  component: lazyRouteComponent(() => import("../features/admin/groups/groups-page.tsx"), "GroupsPage"),
});

const rolesRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/roles",
  component: lazyRouteComponent(() => import("../features/admin/roles/roles-page.tsx"), "RolesPage"),
});

const rightsRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/rights",
  validateSearch: rightsSearch,
  component: lazyRouteComponent(() => import("../features/admin/rights/rights-page.tsx"), "RightsPage"),
});

const sessionsRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/sessions",
  validateSearch: ({ find }: Record<string, unknown>): { find?: string } => (typeof find === "string" ? { find } : {}),
  component: lazyRouteComponent(() => import("../features/sessions/sessions-page.tsx"), "SessionsPage"),
});

const signInRulesRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("../features/sign-in-rules/sign-in-rules-page.tsx"), "SignInRulesPage"),
});

const recordingRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/recording",
  component: lazyRouteComponent(() => import("../features/recording/recording-page.tsx"), "RecordingPage"),
});

const storageRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/storage",
  component: lazyRouteComponent(() => import("../features/storage/storage-page.tsx"), "StoragePage"),
});

const auditRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/audit",
  component: lazyRouteComponent(() => import("../features/audit/audit-page.tsx"), "AuditPage"),
});

const keysRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/keys",
  component: lazyRouteComponent(() => import("../features/keys/keys-page.tsx"), "KeysPage"),
});

const configurationRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/configuration",
  component: lazyRouteComponent(() => import("../features/configuration/configuration-page.tsx"), "ConfigurationPage"),
});

const casesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/cases",
  validateSearch: (search: Record<string, unknown>): { tab?: "locks" } =>
    search.tab === "locks" ? { tab: "locks" } : {},
  component: lazyRouteComponent(() => import("../features/cases/cases-page.tsx"), "CasesPage"),
});

const caseRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/cases/$caseId",
  component: lazyRouteComponent(() => import("../features/cases/case-page.tsx"), "CasePage"),
});

const bookmarksRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/bookmarks",
  component: lazyRouteComponent(() => import("../features/cases/bookmarks-page.tsx"), "BookmarksPage"),
});

const ownTokensRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/tokens",
  component: lazyRouteComponent(() => import("../features/tokens/tokens-page.tsx"), "OwnTokensPage"),
});

const tokensRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/tokens",
  component: lazyRouteComponent(() => import("../features/tokens/tokens-page.tsx"), "AllTokensPage"),
});

const displaysRoute = createRoute({
  getParentRoute: () => adminRoute,
  path: "/displays",
  component: lazyRouteComponent(() => import("../features/tokens/displays-page.tsx"), "DisplaysPage"),
});

/** Outside of the gate: a wall display signs in with a key of its own (main.tsx). */
const displayRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: DISPLAY_PATH,
  component: lazyRouteComponent(() => import("../features/tokens/display/display-page.tsx"), "DisplayPage"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  setupRoute,
  displayRoute,
  shellRoute.addChildren([
    wallRoute,
    kioskRoute,
    profileRoute,
    ownTokensRoute,
    camerasRoute,
    exportsRoute,
    casesRoute,
    caseRoute,
    bookmarksRoute,
    oldUsersRoute,
    welcomeRoute,
    adminRoute.addChildren([
      usersRoute,
      sessionsRoute,
      signInRulesRoute,
      groupsRoute,
      rolesRoute,
      rightsRoute,
      recordingRoute,
      storageRoute,
      auditRoute,
      keysRoute,
      configurationRoute,
      tokensRoute,
      displaysRoute,
    ]),
  ]),
]);

function build() {
  return createRouter({ routeTree, defaultPreload: "intent", defaultErrorComponent: CrashedPage });
}

export type AppRouter = ReturnType<typeof build>;

export function createAppRouter(): AppRouter {
  return build();
}

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}
