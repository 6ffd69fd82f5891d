import { Link } from "@tanstack/react-router";
import { FolderLock, FolderPlus, Lock as LockIcon, LockOpen } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { EvidenceLock } from "../../../shared/api/recording.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Select } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { AddToCaseDialog } from "./add-to-case-dialog.tsx";
import { CameraName, PlayLink, RangeText } from "./footage-line.tsx";
import { ReleaseDialog } from "./lock-dialogs.tsx";
import { useLocks } from "./use-cases.ts";

const SOON_MICROS = 7 * 86_400_000_000;

/** Every evidence lock: what it holds, why, until when, and its release. */
export function LockList(): ReactNode {
  const { t } = useTranslation();
  const [active, setActive] = useState(true);
  const locks = useLocks({ active });
  return (
    <>
      <Select
        aria-label={t("cases.status")}
        className="mb-3 w-56"
        value={active ? "active" : "all"}
        onChange={(event) => setActive(event.target.value === "active")}
      >
        <option value="active">{t("cases.locks.active")}</option>
        <option value="all">{t("cases.locks.all")}</option>
      </Select>
      {locks.isPending ? (
        <SkeletonRows count={5} />
      ) : locks.isError && locks.data === undefined ? (
        <FailureState
          title={t("cases.locks.failed")}
          lead={errorText(t, locks.error)}
          onRetry={() => void locks.refetch()}
        />
      ) : locks.data.length === 0 ? (
        <EmptyState icon={<LockIcon />} title={t("cases.locks.empty")} lead={t("cases.locks.emptyLead")} />
      ) : (
        <LockTable locks={locks.data} />
      )}
    </>
  );
}

/** `inCase`: the case is known, and needs no column. */
export function LockTable(props: { readonly locks: readonly EvidenceLock[]; readonly inCase?: boolean }): ReactNode {
  const { locks, inCase = false } = props;
  const { t } = useTranslation();
  const [releasing, setReleasing] = useState<EvidenceLock>();
  const [adding, setAdding] = useState<EvidenceLock>();
  return (
    <>
      <table className={tableClass}>
        <thead>
          <tr>
            <th className={headClass}>{t("cases.footage")}</th>
            <th className={headClass}>{t("cases.locks.reason")}</th>
            <th className={cn(headClass, "max-md:hidden")}>{t("cases.locks.until")}</th>
            <th className={cn(headClass, "max-lg:hidden")}>{t("cases.by")}</th>
            <th className={headClass}>
              <span className="sr-only">{t("common.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {locks.map((lock) => (
            <LockRow key={lock.id} lock={lock} inCase={inCase} onRelease={setReleasing} onAdd={setAdding} />
          ))}
        </tbody>
      </table>
      {releasing !== undefined && <ReleaseDialog lock={releasing} onClose={() => setReleasing(undefined)} />}
      {adding !== undefined && (
        <AddToCaseDialog
          footage={adding}
          cameraIds={[adding.cameraId]}
          note={adding.reason}
          onClose={() => setAdding(undefined)}
        />
      )}
    </>
  );
}

interface LockRowProps {
  readonly lock: EvidenceLock;
  readonly inCase: boolean;
  readonly onRelease: (lock: EvidenceLock) => void;
  readonly onAdd: (lock: EvidenceLock) => void;
}

function LockRow({ lock, inCase, onRelease, onAdd }: LockRowProps): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const { text } = useLocalTime();
  const expires = lock.expiresAt === null ? undefined : Date.parse(lock.expiresAt) * 1000;
  const now = clock.utcMicros();
  const over = expires !== undefined && expires <= now;
  const released = lock.releasedAt === null ? undefined : Date.parse(lock.releasedAt) * 1000;
  const holds = released === undefined && !over;
  return (
    <tr className={cn("hover:bg-panel", !holds && "text-fg-muted")}>
      <td className={cellClass}>
        <span className="block font-medium">
          <CameraName cameraId={lock.cameraId} />
        </span>
        <span className="block text-fg-soft text-xs">
          <RangeText {...lock} />
        </span>
      </td>
      <td className={cn(cellClass, "[overflow-wrap:anywhere]")}>
        {lock.reason}
        {released !== undefined && (
          <span className="block text-fg-muted text-xs">
            {t("cases.locks.releasedBy", {
              name: lock.releasedByName ?? "–",
              when: `${text.date(released)} ${text.time(released)}`,
              reason: lock.releaseReason ?? "–",
            })}
          </span>
        )}
        {!inCase && lock.caseId !== null && (
          <Link
            to="/cases/$caseId"
            params={{ caseId: lock.caseId }}
            className="flex items-center gap-1 text-accent text-xs hover:underline"
          >
            <FolderLock className="size-3.5" aria-hidden="true" />
            {t("cases.locks.ofCase")}
          </Link>
        )}
      </td>
      <td className={cn(cellClass, "nums whitespace-nowrap max-md:hidden")}>
        {expires === undefined ? (
          t("cases.locks.noEnd")
        ) : (
          <span className={cn(holds && expires - now < SOON_MICROS && "text-warn")}>
            {text.date(expires)}
            {over && ` (${t("cases.locks.over")})`}
          </span>
        )}
      </td>
      <td className={cn(cellClass, "max-lg:hidden")}>{lock.createdByName}</td>
      <td className={cn(cellClass, "w-px whitespace-nowrap py-0.5 text-right")}>
        <span className="flex items-center justify-end">
          <PlayLink footage={lock} />
          {!inCase && (
            <IconButton label={t("cases.addTitle")} onClick={() => onAdd(lock)}>
              <FolderPlus aria-hidden="true" />
            </IconButton>
          )}
          {holds && (
            <Button size="sm" variant="ghost" onClick={() => onRelease(lock)}>
              <LockOpen aria-hidden="true" />
              <span className="max-sm:sr-only">{t("cases.locks.release")}</span>
            </Button>
          )}
        </span>
      </td>
    </tr>
  );
}
