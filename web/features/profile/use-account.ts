import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { MfaStatus, Profile, SessionInfo, SignInOptions } from "../../../shared/api/identity.ts";
import { useServices } from "../../app/services.ts";

export const accountKeys = {
  profile: ["account", "profile"],
  mfa: ["account", "mfa"],
  sessions: ["account", "sessions"],
  options: ["auth", "options"],
} as const;

export function useProfile(): UseQueryResult<Profile> {
  const { api } = useServices();
  return useQuery({ queryKey: accountKeys.profile, queryFn: ({ signal }) => api.profile(signal) });
}

export function useMfa(): UseQueryResult<MfaStatus> {
  const { api } = useServices();
  return useQuery({ queryKey: accountKeys.mfa, queryFn: ({ signal }) => api.mfa(signal) });
}

export function useOwnSessions(): UseQueryResult<SessionInfo[]> {
  const { api } = useServices();
  return useQuery({
    queryKey: accountKeys.sessions,
    queryFn: ({ signal }) => api.ownSessions(signal),
    refetchInterval: 30_000,
  });
}

/** What the sign-in page of this server, at this address, offers. */
export function useSignInOptions(): UseQueryResult<SignInOptions> {
  const { api } = useServices();
  return useQuery({
    queryKey: accountKeys.options,
    queryFn: ({ signal }) => api.signInOptions(signal),
    staleTime: 60_000,
  });
}
