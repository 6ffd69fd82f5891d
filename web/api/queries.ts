import { QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Camera, Layout, SystemStats, User } from "../../shared/api/schemas.ts";
import { ApiError, isUnreachable } from "./api-error.ts";
import type { Api } from "./endpoints.ts";

export const queryKeys = {
  cameras: ["cameras"],
  layouts: ["layouts"],
  users: ["users"],
  stats: ["system", "stats"],
  authStatus: ["auth", "status"],
} as const;

/** Retries only what may heal by itself. A refusal is shown at once. */
export function shouldRetry(failures: number, error: unknown): boolean {
  if (isUnreachable(error)) return failures < 3;
  return error instanceof ApiError && error.status === 429 && failures < 2;
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // The page knows better than the browser's guess whether the server can be reached (a LAN without Internet).
      queries: { retry: shouldRetry, staleTime: 10_000, networkMode: "always", refetchOnWindowFocus: true },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** States change live on the wall; the list follows slowly, one request for all cameras. */
export function useCameras(api: Api): UseQueryResult<Camera[]> {
  return useQuery({
    queryKey: queryKeys.cameras,
    queryFn: ({ signal }) => api.cameras(signal),
    refetchInterval: 5_000,
  });
}

export function useLayouts(api: Api): UseQueryResult<Layout[]> {
  return useQuery({ queryKey: queryKeys.layouts, queryFn: ({ signal }) => api.layouts(signal), staleTime: 60_000 });
}

export function useUsers(api: Api): UseQueryResult<User[]> {
  return useQuery({ queryKey: queryKeys.users, queryFn: ({ signal }) => api.users(signal) });
}

export function useSystemStats(api: Api, enabled = true): UseQueryResult<SystemStats> {
  return useQuery({
    queryKey: queryKeys.stats,
    queryFn: ({ signal }) => api.systemStats(signal),
    refetchInterval: 5_000,
    enabled,
  });
}
