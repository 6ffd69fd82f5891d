import { keepPreviousData, QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Bookmark, Timeline } from "../../shared/api/recording.ts";
import type { Camera, Layout, SystemStats, User } from "../../shared/api/schemas.ts";
import { ApiError, isUnreachable } from "./api-error.ts";
import type { Api, BookmarkQuery, TimelineDays, TimelineQuery } from "./endpoints.ts";

export const queryKeys = {
  cameras: ["cameras"],
  layouts: ["layouts"],
  users: ["users"],
  timeline: ["timeline"],
  timelineDays: ["timeline-days"],
  bookmarks: ["bookmarks"],
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

/** `growing`: the present is in view, where footage is added all the time. */
export function useTimelineData(
  api: Api,
  query: TimelineQuery,
  options: { readonly enabled: boolean; readonly growing: boolean },
): UseQueryResult<Timeline> {
  return useQuery({
    queryKey: [...queryKeys.timeline, query],
    queryFn: ({ signal }) => api.timeline(query, signal),
    // What is on the screen stays until its finer or next stretch is there.
    placeholderData: keepPreviousData,
    enabled: options.enabled && query.cameraIds.length > 0,
    refetchInterval: options.growing ? 5_000 : false,
    staleTime: options.growing ? 4_000 : 60_000,
    gcTime: 60_000,
  });
}

export function useTimelineDays(
  api: Api,
  cameraIds: readonly string[],
  month: string,
  timeZone: string,
): UseQueryResult<TimelineDays> {
  return useQuery({
    queryKey: [...queryKeys.timelineDays, cameraIds, month, timeZone],
    queryFn: ({ signal }) => api.timelineDays(cameraIds, month, timeZone, signal),
    placeholderData: keepPreviousData,
    enabled: cameraIds.length > 0,
    staleTime: 60_000,
  });
}

export function useBookmarks(api: Api, query: BookmarkQuery): UseQueryResult<Bookmark[]> {
  return useQuery({
    queryKey: [...queryKeys.bookmarks, query],
    queryFn: ({ signal }) => api.bookmarks(query, signal),
    placeholderData: keepPreviousData,
  });
}
