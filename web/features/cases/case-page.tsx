import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ArrowLeft, EllipsisVertical, FolderClosed, FolderOpen, Lock, PackageOpen, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { EvidenceCase } from "../../../shared/api/recording.ts";
import { ApiError } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { CaseDialog } from "./case-dialog.tsx";
import { CaseExportDialog, CaseExports } from "./case-export.tsx";
import { CaseNotes } from "./case-notes.tsx";
import { CaseRanges } from "./case-ranges.tsx";
import { CaseStatus } from "./cases-page.tsx";
import { LockCaseDialog } from "./lock-dialogs.tsx";
import { LockTable } from "./lock-list.tsx";
import { caseKeys, tookCase, useCase, useLocks } from "./use-cases.ts";

/** One case: footage, notes, locks, packages. */
export function CasePage(): ReactNode {
  const { t } = useTranslation();
  const { caseId = "" } = useParams({ strict: false });
  const found = useCase(caseId);
  const gone = found.error instanceof ApiError && found.error.status === 404;
  return (
    <main className="flex h-full flex-col">
      <div className="shrink-0 px-4 pt-2 sm:px-6">
        <Link
          to="/cases"
          className="inline-flex h-7 items-center gap-1.5 text-fg-muted text-xs hover:text-fg coarse:h-11"
        >
          <ArrowLeft className="size-3.5" aria-hidden="true" />
          {t("cases.page")}
        </Link>
      </div>
      {found.isPending ? (
        <div className="px-6">
          <SkeletonRows count={6} />
        </div>
      ) : found.data === undefined || gone ? (
        <FailureState
          title={gone ? t("cases.gone") : t("cases.failed")}
          lead={errorText(t, found.error)}
          {...(gone ? {} : { onRetry: () => void found.refetch() })}
        />
      ) : (
        <Opened one={found.data} />
      )}
    </main>
  );
}

type Dialogs = "edit" | "lock" | "export" | "close" | "remove";

function Opened({ one }: { readonly one: EvidenceCase }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const may = useCan();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { text } = useLocalTime();
  const locks = useLocks({ active: false, caseId: one.id });
  const [opened, setOpened] = useState<Dialogs>();
  const closed = one.closedAt !== null;
  const close = (): void => setOpened(undefined);
  const setClosed = async (next: boolean): Promise<void> => tookCase(queries, await api.setCaseClosed(one.id, next));
  const created = Date.parse(one.createdAt) * 1000;
  const describeFailure = (error: unknown): string => errorText(t, error);
  return (
    <>
      <header className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-2 px-4 pb-3 sm:px-6">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-2">
            <h1 className="font-semibold text-lg [overflow-wrap:anywhere]">{one.title}</h1>
            <CaseStatus closed={closed} />
          </div>
          <p className="nums text-fg-muted text-xs">
            {one.reference !== "" && `${one.reference} · `}
            {t("cases.createdBy", { name: one.createdByName, when: `${text.date(created)} ${text.time(created)}` })}
          </p>
        </div>
        <div className="ml-auto flex flex-wrap items-center gap-2 max-sm:ml-0 max-sm:w-full">
          <Button disabled={one.items.length === 0} onClick={() => setOpened("lock")}>
            <Lock aria-hidden="true" />
            {t("cases.locks.lockAll")}
          </Button>
          {may("archive.export") && (
            <Button variant="primary" disabled={one.items.length === 0} onClick={() => setOpened("export")}>
              <PackageOpen aria-hidden="true" />
              {t("cases.export")}
            </Button>
          )}
          <Menu
            trigger={
              <Button variant="ghost" size="icon" aria-label={t("common.actions")}>
                <EllipsisVertical aria-hidden="true" />
              </Button>
            }
          >
            <MenuItem icon={<Pencil />} disabled={closed} onSelect={() => setOpened("edit")}>
              {t("cases.editAction")}
            </MenuItem>
            {closed ? (
              <MenuItem
                icon={<FolderOpen />}
                onSelect={() => void setClosed(false).catch((error: unknown) => toast.error(errorText(t, error)))}
              >
                {t("cases.reopen")}
              </MenuItem>
            ) : (
              <MenuItem icon={<FolderClosed />} onSelect={() => setOpened("close")}>
                {t("cases.close")}
              </MenuItem>
            )}
            <MenuSeparator />
            <MenuItem icon={<Trash2 />} danger onSelect={() => setOpened("remove")}>
              {t("cases.remove")}
            </MenuItem>
          </Menu>
        </div>
      </header>
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6 sm:px-6">
        <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
          <div className="flex min-w-0 flex-col gap-4">
            <CaseRanges one={one} locks={locks.data ?? []} />
            <CaseExports caseId={one.id} />
            {(locks.data ?? []).length > 0 && (
              <section aria-labelledby="case-locks" className="rounded-lg border border-line bg-panel p-4">
                <h2 id="case-locks" className="mb-2 font-semibold text-base">
                  {t("cases.locks.tab")}
                </h2>
                <div className="overflow-x-auto">
                  <LockTable locks={locks.data ?? []} inCase />
                </div>
              </section>
            )}
          </div>
          <CaseNotes one={one} />
        </div>
      </div>
      {opened === "edit" && <CaseDialog edited={one} onDone={close} onClose={close} />}
      {opened === "lock" && <LockCaseDialog one={one} onClose={close} />}
      {opened === "export" && <CaseExportDialog one={one} onClose={close} />}
      {opened === "close" && (
        <Confirm
          title={t("cases.closeTitle")}
          lead={t("cases.closeLead")}
          action={t("cases.close")}
          describeFailure={describeFailure}
          onConfirm={() => setClosed(true)}
          onClose={close}
        />
      )}
      {opened === "remove" && (
        <Confirm
          title={t("cases.removeTitle", { title: one.title })}
          lead={t("cases.removeLead")}
          action={t("cases.remove")}
          describeFailure={describeFailure}
          onConfirm={async () => {
            await api.removeCase(one.id);
            await queries.invalidateQueries({ queryKey: caseKeys.cases, exact: true });
            await navigate({ to: "/cases", search: {} });
          }}
          onClose={close}
        />
      )}
    </>
  );
}
