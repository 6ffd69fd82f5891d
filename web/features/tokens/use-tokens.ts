import { type QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { ApiToken, KioskDevice } from "../../../shared/api/tokens.ts";
import { useServices } from "../../app/services.ts";

const tokens = ["tokens"];
const displays = ["displays"];

/** The last use moves: asked again every half minute while the page is open. */
export function useTokens(all: boolean): UseQueryResult<ApiToken[]> {
  const { api } = useServices();
  return useQuery({
    queryKey: [...tokens, all],
    queryFn: ({ signal }) => api.apiTokens(all, signal),
    refetchInterval: 30_000,
  });
}

export function useDisplays(): UseQueryResult<KioskDevice[]> {
  const { api } = useServices();
  return useQuery({ queryKey: displays, queryFn: ({ signal }) => api.displays(signal), refetchInterval: 10_000 });
}

export const refreshTokens = (queries: QueryClient): Promise<void> => queries.invalidateQueries({ queryKey: tokens });
export const refreshDisplays = (queries: QueryClient): Promise<void> =>
  queries.invalidateQueries({ queryKey: displays });

/** Dates as the language writes them, on a 24 hour clock. */
export function useWhen(): (iso: string | null) => string {
  const { t, i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.resolvedLanguage, {
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  });
  return (iso) => (iso === null ? t("common.never") : format.format(new Date(iso)));
}

/** One network per line or comma. */
export function networkList(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
