import { type QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { EvidenceCase, EvidenceLock } from "../../../shared/api/recording.ts";
import { queryKeys } from "../../api/queries.ts";
import type { LockQuery } from "../../api/recording-endpoints.ts";
import { useServices } from "../../app/services.ts";

export const caseKeys = {
  cases: ["cases"],
  locks: ["evidence-locks"],
} as const;

export function useCases(): UseQueryResult<EvidenceCase[]> {
  const { api } = useServices();
  return useQuery({ queryKey: caseKeys.cases, queryFn: ({ signal }) => api.cases(signal) });
}

export function useCase(id: string): UseQueryResult<EvidenceCase> {
  const { api } = useServices();
  return useQuery({
    queryKey: [...caseKeys.cases, id],
    queryFn: ({ signal }) => api.case(id, signal),
    // Others write notes and add ranges meanwhile.
    refetchInterval: 15_000,
  });
}

export function useLocks(query: LockQuery): UseQueryResult<EvidenceLock[]> {
  const { api } = useServices();
  return useQuery({
    queryKey: [...caseKeys.locks, query],
    queryFn: ({ signal }) => api.evidenceLocks(query, signal),
  });
}

/** After a change: what the server now says of the case, at once and everywhere. */
export async function tookCase(queries: QueryClient, changed: EvidenceCase): Promise<void> {
  queries.setQueryData([...caseKeys.cases, changed.id], changed);
  await queries.invalidateQueries({ queryKey: caseKeys.cases });
}

/** Locks are drawn on the timeline too. */
export async function tookLocks(queries: QueryClient): Promise<void> {
  await queries.invalidateQueries({ queryKey: caseKeys.locks });
  await queries.invalidateQueries({ queryKey: queryKeys.timeline });
}
