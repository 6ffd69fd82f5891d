import { Link, useLocation } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import { useCan } from "../../app/permissions.ts";
import { useVolumes } from "../recording/use-recording.ts";

/** In use, and not as they should be. */
export function failingVolumes(volumes: readonly StorageVolume[]): StorageVolume[] {
  return volumes.filter(({ enabled, state }) => enabled && state !== "ok");
}

/** Recording that is in danger is seen on every page by who can do something about it. */
export function StorageAlarm(): ReactNode {
  return useCan()("storage.manage") ? <Alarm /> : null;
}

function Alarm(): ReactNode {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const failing = failingVolumes(useVolumes().data ?? []);
  // The page itself says it in full.
  if (failing.length === 0 || pathname === "/admin/storage") return null;
  const names = failing.map(({ name, state }) => `${name} (${t(`storage.states.${state}`)})`).join(", ");
  return (
    <div
      role="alert"
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 bg-warn-soft px-3 py-1 text-sm text-warn"
    >
      <TriangleAlert className="size-4 shrink-0" aria-hidden="true" />
      <span className="min-w-0 [overflow-wrap:anywhere]">{t("storage.alarmShort", { names })}</span>
      <Link
        to="/admin/storage"
        className="ml-auto inline-flex items-center font-medium underline-offset-2 hover:underline coarse:min-h-11"
      >
        {t("storage.look")}
      </Link>
    </div>
  );
}
