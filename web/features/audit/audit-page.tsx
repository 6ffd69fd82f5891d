import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, ScrollText, Search } from "lucide-react";
import { type ReactNode, useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AuditEntryBody } from "../../../shared/api/audit.ts";
import { useCameras } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/field.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { AuditDetail } from "./audit-detail.tsx";
import { AuditFilterBar, type AuditFilters, NO_FILTERS, queryOf } from "./audit-filters.tsx";
import { AuditTable } from "./audit-table.tsx";
import { IntegrityBar } from "./integrity-bar.tsx";
import { saveFile } from "./save-file.ts";
import { useNames } from "./use-names.ts";

const AT_ONCE = 100;

/** Who did what: searched, read row by row, verified, taken along. */
export function AuditPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const names = useNames();
  const cameras = useCameras(api);
  const [filters, setFilters] = useState<AuditFilters>(NO_FILTERS);
  const [opened, setOpened] = useState<AuditEntryBody>();
  const query = queryOf(useDeferredValue(filters));
  const pages = useInfiniteQuery({
    queryKey: ["audit", query],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.auditEntries({ ...query, limit: AT_ONCE, ...(pageParam === undefined ? {} : { before: pageParam }) }, signal),
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const entries = pages.data?.pages.flatMap((page) => page.entries) ?? [];
  const save = async (format: "csv" | "json"): Promise<void> => {
    const { limit: _limit, before: _before, ...filter } = query;
    try {
      toast(t("audit.exporting"));
      saveFile(await api.auditExport(format, filter), format === "csv" ? "audit.csv" : "audit.jsonl");
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };

  return (
    <Page
      title={t("audit.title")}
      actions={
        <>
          <div className="relative w-64 max-sm:flex-1">
            <Search
              className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-fg-muted"
              aria-hidden="true"
            />
            <Input
              type="search"
              aria-label={t("audit.search")}
              placeholder={t("audit.search")}
              className="pl-8"
              value={filters.text}
              onChange={(event) => setFilters({ ...filters, text: event.target.value })}
            />
          </div>
          <Menu
            trigger={
              <Button>
                <Download aria-hidden="true" />
                {t("audit.export")}
              </Button>
            }
          >
            <MenuItem onSelect={() => void save("csv")}>{t("audit.exportCsv")}</MenuItem>
            <MenuItem onSelect={() => void save("json")}>{t("audit.exportJson")}</MenuItem>
          </Menu>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <p className="text-fg-muted text-sm">{t("audit.lead")}</p>
        <IntegrityBar />
        <AuditFilterBar filters={filters} cameras={cameras.data ?? []} onChange={setFilters} />
        {pages.isPending ? (
          <SkeletonRows count={8} />
        ) : pages.isError && pages.data === undefined ? (
          <FailureState
            title={t("audit.failed")}
            lead={errorText(t, pages.error)}
            onRetry={() => void pages.refetch()}
          />
        ) : entries.length === 0 && !pages.hasNextPage ? (
          <EmptyState icon={<ScrollText />} title={t("audit.empty")} lead={t("audit.emptyLead")} />
        ) : (
          <>
            <AuditTable entries={entries} names={names} onOpen={setOpened} />
            <div className="flex justify-center py-2">
              {pages.hasNextPage ? (
                <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                  {t("audit.older")}
                </Button>
              ) : (
                <p className="text-fg-muted text-xs">{t("audit.end")}</p>
              )}
            </div>
          </>
        )}
      </div>
      {opened && (
        <AuditDetail
          entry={opened}
          names={names}
          onClose={() => setOpened(undefined)}
          onFilter={(change) => {
            setFilters({ ...NO_FILTERS, ...change });
            setOpened(undefined);
          }}
        />
      )}
    </Page>
  );
}
