import { Check, Search } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { CAMERA_PERMISSIONS, type EffectiveAccess, type Permission } from "../../../../shared/api/access.ts";
import type { Camera } from "../../../../shared/api/schemas.ts";
import { cn } from "../../../ui/cn.ts";
import { Input } from "../../../ui/field.tsx";
import { cellClass, headClass } from "../../../ui/page.tsx";
import { EmptyState } from "../../../ui/states.tsx";
import { useWall } from "../../live/wall-context.tsx";
import { inTreeOrder, matches } from "../../tree/build-tree.ts";
import { permissionKey } from "../grants/access-text.ts";

/** More than anybody reads; the search narrows them. */
const MOST = 300;

interface RightsMatrixProps {
  readonly access: EffectiveAccess;
  readonly onOpen: (cameraId: string) => void;
}

/** Every camera against every right on cameras. A camera opens where its rights come from. */
export function RightsMatrix({ access, onOpen }: RightsMatrixProps): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  const [query, setQuery] = useState("");
  const held = new Map(access.cameras.map(({ cameraId, permissions }) => [cameraId, new Set(permissions)]));
  const all = inTreeOrder(cameras.data ?? []);
  const shown = query.trim() === "" ? all : all.filter((camera) => matches(camera, query.trim()));
  const seen = all.filter(({ id }) => held.get(id)?.has("live.view")).length;
  if (all.length === 0) return <EmptyState icon={<Search />} title={t("access.rights.noCameras")} />;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <Input
          type="search"
          aria-label={t("access.rights.searchCamera")}
          placeholder={t("access.rights.searchCamera")}
          className="w-72 max-sm:w-full"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <p className="nums text-fg-muted text-xs">{t("access.rights.count", { number: seen, total: all.length })}</p>
      </div>
      <div className="overflow-x-auto">
        <table className="border-separate border-spacing-0 text-left text-sm">
          <thead>
            <tr>
              <th scope="col" className={cn(headClass, "left-0 z-20 min-w-44 align-bottom")}>
                {t("access.rights.camera")}
              </th>
              {CAMERA_PERMISSIONS.map((permission) => (
                <th
                  key={permission}
                  scope="col"
                  className={cn(headClass, "w-20 min-w-16 whitespace-normal px-1 text-center align-bottom text-2xs")}
                >
                  {t(`access.permissions.${permissionKey(permission)}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, MOST).map((camera) => (
              <Line key={camera.id} camera={camera} held={held.get(camera.id)} onOpen={() => onOpen(camera.id)} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length > MOST && (
        <p className="mt-2 text-fg-muted text-xs">{t("access.rights.more", { number: shown.length - MOST })}</p>
      )}
    </>
  );
}

interface LineProps {
  readonly camera: Camera;
  readonly held: ReadonlySet<Permission> | undefined;
  readonly onOpen: () => void;
}

function Line({ camera, held, onOpen }: LineProps): ReactNode {
  const { t } = useTranslation();
  return (
    <tr className="group hover:bg-panel">
      <th scope="row" className={cn(cellClass, "sticky left-0 bg-ground text-left font-normal group-hover:bg-panel")}>
        <button
          type="button"
          onClick={onOpen}
          aria-label={t("access.rights.openWhy", { camera: camera.name })}
          className="text-left hover:underline coarse:min-h-10"
        >
          <span className="block">{camera.name}</span>
          {camera.group !== "" && <span className="block text-fg-muted text-xs">{camera.group}</span>}
        </button>
      </th>
      {CAMERA_PERMISSIONS.map((permission) => (
        <td key={permission} className={cn(cellClass, "px-1 text-center")}>
          {held?.has(permission) ? (
            <Check className="mx-auto size-4 text-ok" role="img" aria-label={t("access.rights.yes")} />
          ) : (
            <span role="img" aria-label={t("access.rights.no")} className="text-fg-muted/50">
              ·
            </span>
          )}
        </td>
      ))}
    </tr>
  );
}
