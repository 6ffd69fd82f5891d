import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCameras } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Select } from "../../ui/field.tsx";
import { cellClass, headClass, tableClass } from "../../ui/page.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useNames } from "../audit/use-names.ts";
import { ExportKeyDialog, type WantedKey } from "./export-key-dialog.tsx";

/** The keys of cameras' days, newest first. */
export function VideoKeyList(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const names = useNames();
  const cameras = useCameras(api);
  const [cameraId, setCameraId] = useState("");
  const [wanted, setWanted] = useState<WantedKey>();
  const pages = useInfiniteQuery({
    queryKey: ["keys", "video", cameraId],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam: before, signal }) =>
      api.videoKeys({ before, ...(cameraId === "" ? {} : { cameraId }) }, signal),
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const keys = pages.data?.pages.flatMap((page) => page.keys) ?? [];
  return (
    <div className="flex flex-col gap-2">
      <Select
        aria-label={t("keys.camera")}
        className="w-64 max-sm:w-full"
        value={cameraId}
        onChange={(event) => setCameraId(event.target.value)}
      >
        <option value="">{t("keys.allCameras")}</option>
        {(cameras.data ?? []).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
      {pages.isPending ? (
        <SkeletonRows count={3} />
      ) : pages.isError && pages.data === undefined ? (
        <FailureState title={errorText(t, pages.error)} onRetry={() => void pages.refetch()} />
      ) : keys.length === 0 ? (
        <p className="text-fg-muted text-sm">{t("keys.none")}</p>
      ) : (
        <div className="max-h-96 overflow-y-auto">
          <table className={tableClass}>
            <thead>
              <tr>
                <th className={headClass}>{t("keys.day")}</th>
                <th className={headClass}>{t("keys.camera")}</th>
                <th className={cn(headClass, "max-sm:hidden")}>{t("keys.suite")}</th>
                <th className={cn(headClass, "max-sm:hidden")}>{t("keys.wrappedBy")}</th>
                <th className={headClass}>
                  <span className="sr-only">{t("common.actions")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {keys.map(({ id, cameraId: of, utcDay, suite, masterKey }) => {
                const camera = names.get(of) ?? of;
                return (
                  <tr key={id}>
                    <td className={cn(cellClass, "nums whitespace-nowrap")}>{utcDay}</td>
                    <td className={cn(cellClass, "[overflow-wrap:anywhere]")}>{camera}</td>
                    <td className={cn(cellClass, "max-sm:hidden")}>{suite}</td>
                    <td className={cn(cellClass, "nums max-sm:hidden")}>{masterKey}</td>
                    <td className={cn(cellClass, "text-right")}>
                      <Button size="sm" onClick={() => setWanted({ cameraId: of, camera, utcDay })}>
                        {t("keys.exportKey")}
                      </Button>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          {pages.hasNextPage && (
            <Button
              className="mt-2"
              size="sm"
              busy={pages.isFetchingNextPage}
              onClick={() => void pages.fetchNextPage()}
            >
              {t("keys.older")}
            </Button>
          )}
        </div>
      )}
      {wanted && <ExportKeyDialog wanted={wanted} onClose={() => setWanted(undefined)} />}
    </div>
  );
}
