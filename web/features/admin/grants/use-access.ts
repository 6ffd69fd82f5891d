import { type QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { AccessRole, EffectiveAccess, UserGroup } from "../../../../shared/api/access.ts";
import { queryKeys } from "../../../api/queries.ts";
import { useServices } from "../../../app/services.ts";

const keys = { roles: ["roles"], groups: ["groups"], access: ["access"] } as const;

export function useRoles(): UseQueryResult<AccessRole[]> {
  const { api } = useServices();
  return useQuery({ queryKey: keys.roles, queryFn: ({ signal }) => api.roles(signal) });
}

export function useGroups(): UseQueryResult<UserGroup[]> {
  const { api } = useServices();
  return useQuery({ queryKey: keys.groups, queryFn: ({ signal }) => api.groups(signal) });
}

/** Without a camera: on everything, and on each camera in short. No user: nothing is asked. */
export function useAccessOf(userId: string | undefined, cameraId?: string): UseQueryResult<EffectiveAccess> {
  const { api } = useServices();
  return useQuery({
    queryKey: [...keys.access, userId, cameraId],
    queryFn: ({ signal }) => api.accessOf(userId ?? "", cameraId, signal),
    enabled: userId !== undefined,
  });
}

/** After any change of people, groups, roles or grants: each of them shows in the others. */
export async function refreshAccess(queries: QueryClient): Promise<void> {
  await Promise.all(
    [queryKeys.users, keys.roles, keys.groups, keys.access].map((queryKey) => queries.invalidateQueries({ queryKey })),
  );
}
