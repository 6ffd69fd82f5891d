import { createContext, useContext, useSyncExternalStore } from "react";
import type { User } from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Api } from "../api/endpoints.ts";
import type { SessionState, SessionStore } from "../api/session.ts";
import type { EngineHost, EngineSlot } from "./engine-host.ts";

/** What main.tsx builds and every page may use. */
export interface Services {
  readonly api: Api;
  readonly session: SessionStore;
  readonly engines: EngineSlot;
  /** Its UTC is the server's, which alone is that of the recordings; its timers are this machine's. */
  readonly clock: Clock;
}

const ServicesContext = createContext<Services | undefined>(undefined);
export const ServicesProvider = ServicesContext.Provider;

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error("ServicesProvider is missing");
  return services;
}

export function useSession(): SessionState {
  const { session } = useServices();
  return useSyncExternalStore(session.subscribe, session.current);
}

/** The signed-in user. Only below the sign-in gate. */
export function useUser(): User {
  const session = useSession();
  if (session.status !== "signed-in") throw new Error("nobody is signed in");
  return session.user;
}

export function useEngineHost(): EngineHost | undefined {
  const { engines } = useServices();
  return useSyncExternalStore(engines.subscribe, engines.current);
}
