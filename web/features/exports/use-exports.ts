import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ExportJob } from "../../../shared/api/recording.ts";
import { useServices } from "../../app/services.ts";

export const EXPORTS_KEY = ["exports"] as const;
const RUNNING_MS = 1_000;
const IDLE_MS = 15_000;

export function isUnderWay({ state }: ExportJob): boolean {
  return state === "queued" || state === "running";
}

/** Exports, newest first; asked for often only while one is under way. */
export function useExports(): UseQueryResult<ExportJob[]> {
  const { api } = useServices();
  return useQuery({
    queryKey: EXPORTS_KEY,
    queryFn: ({ signal }) => api.exports(signal),
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? RUNNING_MS : IDLE_MS),
  });
}

/** The key that signs packages: its fingerprint is what people compare. */
export function useExportKey(): UseQueryResult<{ readonly fingerprint: string }> {
  const { api } = useServices();
  return useQuery({
    queryKey: ["export-key"],
    queryFn: ({ signal }) => api.exportKey(signal),
    staleTime: 3_600_000,
  });
}
