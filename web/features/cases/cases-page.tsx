import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FolderLock, Plus, Search } from "lucide-react";
import { type ReactNode, useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import type { EvidenceCase } from "../../../shared/api/recording.ts";
import { errorText } from "../../app/error-text.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Input, Select } from "../../ui/field.tsx";
import { cellClass, headClass, Page, tableClass } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useWall } from "../live/wall-context.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { CaseDialog } from "./case-dialog.tsx";
import { LockList } from "./lock-list.tsx";
import { useCases } from "./use-cases.ts";

const STATUSES = ["open", "closed", "all"] as const;
type Status = (typeof STATUSES)[number];

const tab =
  "flex h-8 items-center border-transparent border-b-2 px-3 font-medium text-fg-soft text-sm hover:text-fg aria-[current=page]:border-accent aria-[current=page]:text-fg coarse:h-11";

/** Cases, and beside them every evidence lock. */
export function CasesPage(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const locks = useSearch({ strict: false }).tab === "locks";
  const [making, setMaking] = useState(false);
  return (
    <Page
      title={t("cases.page")}
      lead={t("cases.lead")}
      actions={
        <Button variant="primary" onClick={() => setMaking(true)}>
          <Plus aria-hidden="true" />
          {t("cases.new")}
        </Button>
      }
    >
      <nav aria-label={t("cases.page")} className="mb-3 flex gap-1 border-line border-b">
        <Link to="/cases" search={{}} className={tab} activeOptions={{ exact: true, includeSearch: true }}>
          {t("cases.page")}
        </Link>
        <Link
          to="/cases"
          search={{ tab: "locks" }}
          className={tab}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {t("cases.locks.tab")}
        </Link>
      </nav>
      {locks ? <LockList /> : <CaseList onNew={() => setMaking(true)} />}
      {making && (
        <CaseDialog
          onDone={({ id }) => void navigate({ to: "/cases/$caseId", params: { caseId: id } })}
          onClose={() => setMaking(false)}
        />
      )}
    </Page>
  );
}

function CaseList({ onNew }: { readonly onNew: () => void }): ReactNode {
  const { t } = useTranslation();
  const cases = useCases();
  const { camerasById } = useWall();
  const [query, setQuery] = useState("");
  const [status, setStatus] = useState<Status>("open");
  const wanted = useDeferredValue(query.trim().toLocaleLowerCase());
  const found = (cases.data ?? []).filter((one) => {
    if (status !== "all" && (one.closedAt === null) !== (status === "open")) return false;
    const names = one.items.map(({ cameraId }) => camerasById.get(cameraId)?.name ?? "");
    const text = [one.title, one.reference, one.createdByName, ...names, ...one.notes.map((note) => note.text)].join(
      " ",
    );
    return text.toLocaleLowerCase().includes(wanted);
  });
  if (cases.isPending) return <SkeletonRows count={5} />;
  if (cases.isError && cases.data === undefined) {
    return (
      <FailureState title={t("cases.failed")} lead={errorText(t, cases.error)} onRetry={() => void cases.refetch()} />
    );
  }
  if ((cases.data ?? []).length === 0) {
    return (
      <EmptyState
        icon={<FolderLock />}
        title={t("cases.empty")}
        lead={t("cases.emptyLead")}
        action={
          <Button variant="primary" onClick={onNew}>
            <Plus aria-hidden="true" />
            {t("cases.new")}
          </Button>
        }
      />
    );
  }
  return (
    <>
      <div className="mb-3 flex flex-wrap gap-2">
        <div className="relative w-72 max-sm:w-full">
          <Search
            className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-fg-muted"
            aria-hidden="true"
          />
          <Input
            type="search"
            aria-label={t("cases.search")}
            placeholder={t("cases.search")}
            className="pl-8"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </div>
        <Select
          aria-label={t("cases.status")}
          className="w-40"
          value={status}
          onChange={(event) => setStatus(STATUSES.find((one) => one === event.target.value) ?? "open")}
        >
          {STATUSES.map((one) => (
            <option key={one} value={one}>
              {t(`cases.statuses.${one}`)}
            </option>
          ))}
        </Select>
      </div>
      {found.length === 0 ? (
        <EmptyState icon={<Search />} title={t("cases.noMatch")} />
      ) : (
        <table className={tableClass}>
          <thead>
            <tr>
              <th className={headClass}>{t("cases.titleField")}</th>
              <th className={cn(headClass, "max-sm:hidden")}>{t("cases.reference")}</th>
              <th className={headClass}>{t("cases.status")}</th>
              <th className={cn(headClass, "max-md:hidden")}>{t("cases.cameras")}</th>
              <th className={cn(headClass, "text-right")}>{t("cases.ranges")}</th>
              <th className={cn(headClass, "max-lg:hidden")}>{t("cases.by")}</th>
              <th className={cn(headClass, "max-md:hidden")}>{t("cases.changed")}</th>
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <CaseRow key={one.id} one={one} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function CaseRow({ one }: { readonly one: EvidenceCase }): ReactNode {
  const { t } = useTranslation();
  const { camerasById } = useWall();
  const { text } = useLocalTime();
  const names = [
    ...new Set(one.items.map(({ cameraId }) => camerasById.get(cameraId)?.name ?? t("tile.removedCamera"))),
  ];
  const changed = Date.parse(one.updatedAt) * 1000;
  return (
    <tr className="relative hover:bg-panel">
      <td className={cn(cellClass, "font-medium [overflow-wrap:anywhere]")}>
        <Link
          to="/cases/$caseId"
          params={{ caseId: one.id }}
          className="after:absolute after:inset-0 coarse:flex coarse:min-h-10 coarse:items-center"
        >
          {one.title}
        </Link>
      </td>
      <td className={cn(cellClass, "text-fg-soft max-sm:hidden")}>{one.reference === "" ? "–" : one.reference}</td>
      <td className={cellClass}>
        <CaseStatus closed={one.closedAt !== null} />
      </td>
      <td className={cn(cellClass, "max-w-64 truncate text-fg-soft max-md:hidden")}>{names.join(", ") || "–"}</td>
      <td className={cn(cellClass, "nums text-right text-fg-soft")}>{one.items.length}</td>
      <td className={cn(cellClass, "text-fg-soft max-lg:hidden")}>{one.createdByName}</td>
      <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-md:hidden")}>
        {text.date(changed)} {text.time(changed)}
      </td>
    </tr>
  );
}

export function CaseStatus({ closed }: { readonly closed: boolean }): ReactNode {
  const { t } = useTranslation();
  return (
    <span
      className={cn(
        "rounded-sm px-1.5 py-0.5 font-medium text-2xs",
        closed ? "bg-active text-fg-soft" : "bg-ok-soft text-ok",
      )}
    >
      {closed ? t("cases.statuses.closed") : t("cases.statuses.open")}
    </span>
  );
}
