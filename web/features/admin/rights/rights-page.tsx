import { useNavigate, useSearch } from "@tanstack/react-router";
import { UserSearch } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CAMERA_PERMISSIONS, SYSTEM_PERMISSIONS } from "../../../../shared/api/access.ts";
import type { User } from "../../../../shared/api/schemas.ts";
import { useUsers } from "../../../api/queries.ts";
import { errorText } from "../../../app/error-text.ts";
import { useServices } from "../../../app/services.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Select } from "../../../ui/field.tsx";
import { Page } from "../../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../../ui/states.tsx";
import { useWall } from "../../live/wall-context.tsx";
import { useAccessOf, useRoles } from "../grants/use-access.ts";
import { RightList } from "./right-list.tsx";
import { RightsMatrix } from "./rights-matrix.tsx";
import type { RightsSearch } from "./rights-search.ts";

const VIEWS = ["cameras", "server"] as const;

/** What a person may do, on which camera, and why. The address says whom and what it shows. */
export function RightsPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const navigate = useNavigate();
  const search: RightsSearch = useSearch({ strict: false });
  const users = useUsers(api);
  const user = users.data?.find(({ id }) => id === search.user);
  const go = (to: RightsSearch): void => void navigate({ to: "/admin/rights", search: to });
  return (
    <Page
      title={t("access.rights.title")}
      lead={t("access.rights.lead")}
      actions={
        <Select
          aria-label={t("access.rights.user")}
          className="w-64 max-sm:w-full"
          value={user?.id ?? ""}
          onChange={(event) => go(event.target.value === "" ? {} : { ...search, user: event.target.value })}
        >
          <option value="">{t("access.rights.chooseUser")}</option>
          {(users.data ?? []).map(({ id, username, displayName }) => (
            <option key={id} value={id}>
              {displayName === username ? username : `${username} (${displayName})`}
            </option>
          ))}
        </Select>
      }
    >
      {users.isPending ? (
        <SkeletonRows count={6} />
      ) : users.isError && users.data === undefined ? (
        <FailureState title={t("users.failed")} lead={errorText(t, users.error)} onRetry={() => void users.refetch()} />
      ) : user === undefined ? (
        <EmptyState
          icon={<UserSearch />}
          title={t("access.rights.chooseUser")}
          lead={t("access.rights.chooseUserLead")}
        />
      ) : (
        <RightsOf user={user} search={search} onGo={go} />
      )}
    </Page>
  );
}

interface RightsOfProps {
  readonly user: User;
  readonly search: RightsSearch;
  readonly onGo: (to: RightsSearch) => void;
}

function RightsOf({ user, search, onGo }: RightsOfProps): ReactNode {
  const { t } = useTranslation();
  const access = useAccessOf(user.id);
  const roles = useRoles().data ?? [];
  const view = search.view ?? "cameras";
  if (access.isPending) return <SkeletonRows count={6} />;
  if (access.data === undefined) {
    return (
      <FailureState
        title={t("access.rights.failed")}
        lead={errorText(t, access.error)}
        onRetry={() => void access.refetch()}
      />
    );
  }
  return (
    <>
      {!user.enabled && (
        <p role="note" className="mb-3 rounded-md bg-warn-soft px-3 py-2 text-sm">
          {t("access.rights.disabledNote")}
        </p>
      )}
      <div role="group" aria-label={t("access.rights.view")} className="mb-3 flex gap-1">
        {VIEWS.map((one) => (
          <Button
            key={one}
            variant="ghost"
            aria-pressed={view === one}
            onClick={() => onGo(one === "server" ? { user: user.id, view: one } : { user: user.id })}
          >
            {one === "server" ? t("access.rights.onServerTab") : t("access.rights.onCamerasTab")}
          </Button>
        ))}
      </div>
      {view === "server" ? (
        <div className="max-w-3xl">
          <RightList asked={SYSTEM_PERMISSIONS} access={access.data} roles={roles} />
        </div>
      ) : (
        <RightsMatrix access={access.data} onOpen={(camera) => onGo({ user: user.id, camera })} />
      )}
      {search.camera !== undefined && (
        <WhyDialog user={user} cameraId={search.camera} onClose={() => onGo({ user: user.id })} />
      )}
    </>
  );
}

interface WhyDialogProps {
  readonly user: User;
  readonly cameraId: string;
  readonly onClose: () => void;
}

function WhyDialog({ user, cameraId, onClose }: WhyDialogProps): ReactNode {
  const { t } = useTranslation();
  const { camerasById } = useWall();
  const access = useAccessOf(user.id, cameraId);
  const roles = useRoles().data ?? [];
  const camera = camerasById.get(cameraId)?.name ?? t("tile.removedCamera");
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("access.rights.whyTitle", { user: user.username, camera })}
      className="max-w-2xl"
    >
      {access.isPending ? (
        <SkeletonRows count={6} />
      ) : access.data === undefined ? (
        <FailureState
          title={t("access.rights.failed")}
          lead={errorText(t, access.error)}
          onRetry={() => void access.refetch()}
        />
      ) : (
        <RightList asked={CAMERA_PERMISSIONS} access={access.data} roles={roles} />
      )}
    </Dialog>
  );
}
