import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useCameras } from "../../api/queries.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import type { Names } from "./value-text.ts";

const FRESH_MS = 30_000;

/** Names of cameras, users, groups and roles, as far as the reader may know them: rows hold ids. */
export function useNames(): Names {
  const { api } = useServices();
  const may = useCan()("user.manage");
  const cameras = useCameras(api);
  const people = useQuery({
    queryKey: ["names"],
    staleTime: FRESH_MS,
    enabled: may,
    queryFn: async ({ signal }) => {
      const [users, groups, roles] = await Promise.all([api.users(signal), api.groups(signal), api.roles(signal)]);
      return [
        ...users.map(({ id, username }) => [id, username] as const),
        ...[...groups, ...roles].map(({ id, name }) => [id, name] as const),
      ];
    },
  });
  return useMemo(
    () => new Map([...(cameras.data ?? []).map(({ id, name }) => [id, name] as const), ...(people.data ?? [])]),
    [cameras.data, people.data],
  );
}
