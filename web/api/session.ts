import type { SignInStep } from "../../shared/api/identity.ts";
import type { Session, Theme, User } from "../../shared/api/schemas.ts";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { ApiError } from "./api-error.ts";
import { type Fetch, jsonInit, readJson, send, type TokenSource } from "./http-client.ts";

export type SessionState =
  /** Not known yet: the refresh cookie is being tried. */
  | { readonly status: "restoring" }
  /** The server did not answer while restoring. */
  | { readonly status: "unreachable" }
  | { readonly status: "signed-out"; readonly reason: "none" | "expired" | "signed-out" }
  | {
      readonly status: "signed-in";
      readonly user: User;
      /** What the user has chosen for the console, on whichever device. */
      readonly theme?: Theme;
      readonly language?: User["language"];
    };

export interface SessionStore extends TokenSource {
  current(): SessionState;
  subscribe(listener: () => void): () => void;
  /** Called with every new access token, the first included. */
  onToken(listener: (token: string) => void): () => void;
  /** Tries the refresh cookie. Never rejects. */
  restore(): Promise<void>;
  /** Resolves to the next step where more than the password is asked for. */
  signIn(username: string, password: string): Promise<SignInStep | undefined>;
  /**
   * Any other request of a sign-in, as it is answered: a session (not entered yet: there may be recovery codes to show
   * first), a step, or options.
   */
  ask<T>(path: string, body: unknown): Promise<T>;
  /** Goes on with a session that `ask` was answered with. */
  enter(session: Session): void;
  setUp(body: { token: string; username: string; password: string; language: "en" | "ko" }): Promise<void>;
  signOut(): Promise<void>;
  /** Keeps the shown user in step after a profile change. */
  updateUser(user: User, theme?: Theme): void;
  close(): void;
}

/** Whether a refresh cookie is worth trying: a first visit then costs no refused request. Not a secret. */
export interface SessionHint {
  get(): boolean;
  set(signedIn: boolean): void;
}

/** Renewed this long before it expires, so that no request and no stream ever meets the end of a token. */
const RENEW_BEFORE_MS = 60_000;
/** After a failed renewal (server away). The old token is kept: the server may come back in time. */
const RENEW_RETRY_MS = 5_000;

/**
 * The access token lives here and nowhere else: not in storage, so that a stolen page snapshot holds no session.
 * The refresh token is an HttpOnly cookie, which this code never sees.
 */
export function createSessionStore(
  fetch: Fetch,
  clock: Clock,
  /** Runs one refresh at a time over all tabs: a rotating cookie that is used twice looks stolen to the server. */
  exclusive: <T>(run: () => Promise<T>) => Promise<T> = (run) => run(),
  hint: SessionHint = { get: () => true, set: () => undefined },
): SessionStore {
  let state: SessionState = { status: "restoring" };
  let accessToken: string | undefined;
  let refreshing: Promise<string | undefined> | undefined;
  let renewal: Timer | undefined;
  let closed = false;
  const listeners = new Set<() => void>();
  const tokenListeners = new Set<(token: string) => void>();

  const setState = (next: SessionState): void => {
    state = next;
    for (const listener of [...listeners]) listener();
  };

  const scheduleRenewal = (delayMs: number): void => {
    renewal?.cancel();
    renewal = closed ? undefined : clock.after(millis(delayMs), () => void store.refresh());
  };

  const accept = (session: Session): string => {
    accessToken = session.accessToken;
    const remainingMs = Date.parse(session.expiresAt) - clock.utcMicros() / 1000;
    // A device clock that is wrong by hours must not make it refresh in a loop, nor never.
    const usableMs = Number.isFinite(remainingMs) ? Math.min(Math.max(remainingMs, 0), 900_000) : 300_000;
    scheduleRenewal(Math.max(usableMs - RENEW_BEFORE_MS, 15_000));
    hint.set(true);
    const { user, theme, language } = session;
    const chosen = { ...(theme === undefined ? {} : { theme }), ...(language === undefined ? {} : { language }) };
    setState({ status: "signed-in", user, ...chosen });
    for (const listener of [...tokenListeners]) listener(session.accessToken);
    return session.accessToken;
  };

  const end = (reason: "none" | "expired" | "signed-out"): void => {
    renewal?.cancel();
    renewal = undefined;
    accessToken = undefined;
    hint.set(false);
    setState({ status: "signed-out", reason });
  };

  const post = async <T = Session>(path: string, body?: unknown): Promise<T> =>
    readJson<T>(await send(fetch, path, jsonInit("POST", accessToken, { body })));

  const refreshOnce = async (): Promise<string | undefined> => {
    const wasSignedIn = state.status === "signed-in";
    const before = accessToken;
    try {
      return accept(await exclusive(() => post("/auth/refresh")));
    } catch (error) {
      const refused = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
      // Somebody signed in while the old cookie was being refused.
      if (accessToken !== before) return accessToken;
      if (refused) {
        end(wasSignedIn ? "expired" : "none");
        return undefined;
      }
      // The server is away, not the session: keep it and try again.
      if (wasSignedIn) scheduleRenewal(RENEW_RETRY_MS);
      throw error;
    }
  };

  const store: SessionStore = {
    current: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onToken(listener) {
      tokenListeners.add(listener);
      return () => tokenListeners.delete(listener);
    },
    token: () => accessToken,
    async refresh() {
      refreshing ??= refreshOnce().finally(() => {
        refreshing = undefined;
      });
      try {
        return await refreshing;
      } catch {
        return undefined;
      }
    },
    async restore() {
      if (!hint.get()) {
        end("none");
        return;
      }
      setState({ status: "restoring" });
      const token = await store.refresh();
      if (token === undefined && state.status === "restoring") setState({ status: "unreachable" });
    },
    async signIn(username, password) {
      const answer = await post<Session | SignInStep>("/auth/login", { username, password });
      if ("step" in answer) return answer;
      accept(answer);
      return undefined;
    },
    ask: (path, body) => post(path, body),
    enter: (session) => void accept(session),
    async setUp(body) {
      accept(await post("/auth/setup", body));
    },
    async signOut() {
      try {
        await send(fetch, "/auth/logout", jsonInit("POST", accessToken, {}));
      } catch {
        // The local half must end even when the server is away.
      }
      end("signed-out");
    },
    updateUser(user, theme) {
      if (state.status === "signed-in") setState({ ...state, user, ...(theme === undefined ? {} : { theme }) });
    },
    close() {
      closed = true;
      renewal?.cancel();
      listeners.clear();
      tokenListeners.clear();
    },
  };
  return store;
}
