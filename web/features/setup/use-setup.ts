import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { SETUP_STEPS, type ServerPlace, type SetupProgress } from "../../../shared/api/discovery.ts";
import { useServices } from "../../app/services.ts";

export type SetupStep = SetupProgress["step"];

const keys = { progress: ["setup", "progress"], place: ["setup", "place"] } as const;

export function useSetupProgress(enabled = true): UseQueryResult<SetupProgress> {
  const { api } = useServices();
  return useQuery({ queryKey: keys.progress, queryFn: ({ signal }) => api.setupProgress(signal), enabled });
}

export function useServerPlace(): UseQueryResult<ServerPlace> {
  const { api } = useServices();
  return useQuery({ queryKey: keys.place, queryFn: ({ signal }) => api.serverPlace(signal) });
}

/** Remembers on the server how far it has come: another browser goes on from there. */
export function useGoTo(): (step: SetupStep) => Promise<void> {
  const { api } = useServices();
  const queries = useQueryClient();
  return async (step) => {
    await api.setSetupStep(step);
    queries.setQueryData<SetupProgress>(keys.progress, { step, begun: true });
  };
}

export function stepBefore(step: SetupStep): SetupStep | undefined {
  return SETUP_STEPS[SETUP_STEPS.indexOf(step) - 1];
}

export function stepAfter(step: SetupStep): SetupStep {
  return SETUP_STEPS[SETUP_STEPS.indexOf(step) + 1] ?? "done";
}
