import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { ScopedPolicy, StorageVolume } from "../../../shared/api/recording.ts";
import type { StorageUsage } from "../../../shared/api/storage-usage.ts";
import type { RecordingStates } from "../../api/recording-endpoints.ts";
import { useServices } from "../../app/services.ts";

export const recordingKeys = {
  policies: ["recording", "policies"],
  states: ["recording", "states"],
  usage: ["recording", "usage"],
  volumes: ["storage", "volumes"],
} as const;

export function usePolicies(): UseQueryResult<ScopedPolicy[]> {
  const { api } = useServices();
  return useQuery({ queryKey: recordingKeys.policies, queryFn: ({ signal }) => api.recordingPolicies(signal) });
}

/** What is recorded now, and whether an emergency is on: soon enough for a banner that everybody must see. */
export function useRecordingStates(enabled = true): UseQueryResult<RecordingStates> {
  const { api } = useServices();
  return useQuery({
    queryKey: recordingKeys.states,
    queryFn: ({ signal }) => api.recordingStates(signal),
    refetchInterval: 5_000,
    enabled,
  });
}

export function useUsage(): UseQueryResult<StorageUsage> {
  const { api } = useServices();
  return useQuery({
    queryKey: recordingKeys.usage,
    queryFn: ({ signal }) => api.recordingUsage(signal),
    refetchInterval: 60_000,
  });
}

export function useVolumes(): UseQueryResult<StorageVolume[]> {
  const { api } = useServices();
  return useQuery({
    queryKey: recordingKeys.volumes,
    queryFn: ({ signal }) => api.volumes(signal),
    refetchInterval: 10_000,
  });
}
