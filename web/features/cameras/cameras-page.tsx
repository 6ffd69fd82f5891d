import { Cctv, EllipsisVertical, Pencil, Plus, Search, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Camera } from "../../../shared/api/schemas.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Input } from "../../ui/field.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { cellClass, headClass, Page, tableClass } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { codecName } from "../live/format-figures.ts";
import { useWall } from "../live/wall-context.tsx";
import { inTreeOrder, isOnline, matches } from "../tree/build-tree.ts";
import { CameraStateIcon } from "../tree/camera-state-icon.tsx";
import { useCameraDialogs } from "./camera-dialogs.tsx";

/** More rows than anybody reads; the search narrows them. Keeps the page quick with thousands of cameras. */
const MAX_ROWS = 500;

export function CamerasPage(): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  const dialogs = useCameraDialogs();
  const [query, setQuery] = useState("");
  const list = cameras.data ?? [];
  const found = inTreeOrder(query.trim() === "" ? list : list.filter((camera) => matches(camera, query.trim())));
  return (
    <Page
      title={t("cameras.title")}
      lead={cameras.data && t("cameras.lead", { online: list.filter(isOnline).length, total: list.length })}
      actions={
        <>
          <div className="relative w-56 max-sm:flex-1">
            <Search
              className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-fg-muted"
              aria-hidden="true"
            />
            <Input
              aria-label={t("tree.search")}
              placeholder={t("tree.search")}
              className="pl-8"
              value={query}
              onChange={(event) => setQuery(event.target.value)}
            />
          </div>
          {dialogs.mayEdit && (
            <Button variant="primary" onClick={dialogs.add}>
              <Plus aria-hidden="true" />
              {t("cameras.add")}
            </Button>
          )}
        </>
      }
    >
      {cameras.isPending ? (
        <SkeletonRows count={8} />
      ) : cameras.isError && cameras.data === undefined ? (
        <FailureState title={t("cameras.failed")} onRetry={() => void cameras.refetch()} />
      ) : list.length === 0 ? (
        <EmptyState
          icon={<Cctv />}
          title={t("cameras.empty")}
          lead={dialogs.mayEdit ? t("cameras.emptyLead") : t("tree.emptyViewer")}
        />
      ) : found.length === 0 ? (
        <EmptyState icon={<Search />} title={t("tree.noMatch", { query: query.trim() })} />
      ) : (
        <>
          <CameraTable cameras={found.slice(0, MAX_ROWS)} />
          {found.length > MAX_ROWS && (
            <p className="py-3 text-center text-fg-muted text-xs">
              {t("cameras.more", { number: found.length - MAX_ROWS })}
            </p>
          )}
        </>
      )}
    </Page>
  );
}

function CameraTable({ cameras }: { readonly cameras: readonly Camera[] }): ReactNode {
  const { t } = useTranslation();
  const dialogs = useCameraDialogs();
  return (
    <table className={tableClass}>
      <thead>
        <tr>
          <th className={headClass}>{t("cameras.columns.name")}</th>
          <th className={cn(headClass, "max-md:hidden")}>{t("cameras.columns.group")}</th>
          <th className={headClass}>{t("cameras.columns.state")}</th>
          <th className={cn(headClass, "max-sm:hidden")}>{t("cameras.columns.video")}</th>
          <th className={cn(headClass, "text-right max-md:hidden")}>{t("cameras.columns.fps")}</th>
          <th className={cn(headClass, "text-right max-md:hidden")}>{t("cameras.columns.rate")}</th>
          <th className={cn(headClass, "text-right max-lg:hidden")}>{t("cameras.columns.reconnects")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("cameras.columns.lastFrame")}</th>
          <th className={cn(headClass, "max-lg:hidden")}>{t("cameras.columns.lastError")}</th>
          {dialogs.mayEdit && (
            <th className={headClass}>
              <span className="sr-only">{t("common.actions")}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {cameras.map((camera) => (
          <CameraTableRow key={camera.id} camera={camera} />
        ))}
      </tbody>
    </table>
  );
}

function CameraTableRow({ camera }: { readonly camera: Camera }): ReactNode {
  const { t, i18n } = useTranslation();
  const dialogs = useCameraDialogs();
  const { status } = camera;
  const online = isOnline(camera);
  const video = status.codec === null ? "–" : `${codecName(status.codec)} ${status.width}×${status.height}`;
  const lastFrame =
    status.lastFrameAt === null
      ? t("common.never")
      : new Intl.DateTimeFormat(i18n.resolvedLanguage, {
          dateStyle: "short",
          timeStyle: "medium",
          hourCycle: "h23",
        }).format(new Date(status.lastFrameAt));
  return (
    <tr className="hover:bg-panel" onDoubleClick={() => dialogs.mayEdit && dialogs.edit(camera)}>
      <td className={cn(cellClass, "font-medium [overflow-wrap:anywhere]")}>{camera.name}</td>
      <td className={cn(cellClass, "text-fg-soft max-md:hidden")}>{camera.group === "" ? "–" : camera.group}</td>
      <td className={cellClass}>
        <span className="flex items-center gap-2">
          <CameraStateIcon state={status.state} detail={status.lastError} />
          <span className="whitespace-nowrap">{t(`cameraState.${status.state}`)}</span>
        </span>
      </td>
      <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-sm:hidden")}>{video}</td>
      <td className={cn(cellClass, "nums text-right text-fg-soft max-md:hidden")}>
        {online ? status.fps.toFixed(1) : "–"}
      </td>
      <td className={cn(cellClass, "nums text-right text-fg-soft max-md:hidden")}>
        {online ? Math.round(status.bitrateKbps) : "–"}
      </td>
      <td className={cn(cellClass, "nums text-right text-fg-soft max-lg:hidden")}>{status.reconnects}</td>
      <td className={cn(cellClass, "nums whitespace-nowrap text-fg-soft max-lg:hidden")}>{lastFrame}</td>
      <td
        className={cn(cellClass, "max-w-72 truncate text-fg-soft max-lg:hidden")}
        title={status.lastError ?? undefined}
      >
        {status.lastError ?? "–"}
      </td>
      {dialogs.mayEdit && (
        <td className={cn(cellClass, "w-10 py-0.5 text-right")}>
          <Menu
            trigger={
              <Button variant="ghost" size="icon" aria-label={`${t("common.actions")}: ${camera.name}`}>
                <EllipsisVertical aria-hidden="true" />
              </Button>
            }
          >
            <MenuItem icon={<Pencil />} onSelect={() => dialogs.edit(camera)}>
              {t("tree.menu.edit")}
            </MenuItem>
            <MenuItem icon={<Trash2 />} danger onSelect={() => dialogs.remove(camera)}>
              {t("tree.menu.remove")}
            </MenuItem>
          </Menu>
        </td>
      )}
    </tr>
  );
}
