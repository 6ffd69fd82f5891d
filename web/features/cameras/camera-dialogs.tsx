import { useQueryClient } from "@tanstack/react-query";
import { createContext, lazy, type ReactNode, Suspense, useContext, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Camera } from "../../../shared/api/schemas.ts";
import { queryKeys } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { Confirm } from "../../ui/confirm.tsx";

interface CameraDialogsValue {
  /** Cameras are managed by administrators. */
  readonly mayEdit: boolean;
  add(): void;
  edit(camera: Camera): void;
  remove(camera: Camera): void;
}

type Open = { readonly what: "add" } | { readonly what: "edit" | "remove"; readonly camera: Camera } | undefined;

const Context = createContext<CameraDialogsValue | undefined>(undefined);
const CameraDialog = lazy(() => import("./camera-dialog.tsx"));

export function useCameraDialogs(): CameraDialogsValue {
  const value = useContext(Context);
  if (value === undefined) throw new Error("CameraDialogs is missing");
  return value;
}

/** One set of camera dialogs for the tree, the tiles and the list. */
export function CameraDialogs({ children }: { readonly children: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const user = useUser();
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const value = useMemo<CameraDialogsValue>(
    () => ({
      mayEdit: user.role === "admin",
      add: () => setOpen({ what: "add" }),
      edit: (camera) => setOpen({ what: "edit", camera }),
      remove: (camera) => setOpen({ what: "remove", camera }),
    }),
    [user.role],
  );
  const close = (): void => setOpen(undefined);
  const remove = async (camera: Camera): Promise<void> => {
    await api.removeCamera(camera.id);
    toast.success(t("cameras.removed", { name: camera.name }));
    await queries.invalidateQueries({ queryKey: queryKeys.cameras });
    await queries.invalidateQueries({ queryKey: queryKeys.layouts });
  };
  return (
    <Context value={value}>
      {children}
      <Suspense>
        {open?.what === "add" && <CameraDialog onClose={close} />}
        {open?.what === "edit" && (
          <CameraDialog camera={open.camera} onClose={close} onRemove={() => value.remove(open.camera)} />
        )}
      </Suspense>
      {open?.what === "remove" && (
        <Confirm
          title={t("cameras.removeTitle", { name: open.camera.name })}
          lead={t("cameras.removeLead")}
          action={t("common.remove")}
          onConfirm={() => remove(open.camera)}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
    </Context>
  );
}
