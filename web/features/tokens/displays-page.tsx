import { useQueryClient } from "@tanstack/react-query";
import { MonitorPlay, Plus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { DeviceLink, KioskDevice } from "../../../shared/api/tokens.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { DisplayDialog } from "./display-dialog.tsx";
import { DisplayLinkDialog } from "./display-link-dialog.tsx";
import { DisplayTable } from "./display-table.tsx";
import { refreshDisplays, useDisplays } from "./use-tokens.ts";

export type DisplayAction = "edit" | "link" | "revoke";
type Open =
  | { readonly what: "add" }
  | { readonly what: DisplayAction; readonly display: KioskDevice }
  | { readonly what: "shown"; readonly link: DeviceLink }
  | undefined;

/** Screens that show one layout and nothing else. */
export function DisplaysPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const displays = useDisplays();
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  const done = async (link?: DeviceLink): Promise<void> => {
    setOpen(link === undefined ? undefined : { what: "shown", link });
    await refreshDisplays(queries);
  };
  const revoke = async ({ id, name }: KioskDevice): Promise<void> => {
    await api.revokeDisplay(id);
    toast.success(t("displays.revoked", { name }));
    await done();
  };
  const add = (
    <Button variant="primary" onClick={() => setOpen({ what: "add" })}>
      <Plus aria-hidden="true" />
      {t("displays.add")}
    </Button>
  );
  return (
    <Page title={t("displays.title")} lead={t("displays.lead")} actions={add}>
      {displays.isPending ? (
        <SkeletonRows count={4} />
      ) : displays.isError && displays.data === undefined ? (
        <FailureState
          title={t("displays.failed")}
          lead={errorText(t, displays.error)}
          onRetry={() => void displays.refetch()}
        />
      ) : displays.data.length === 0 ? (
        <EmptyState icon={<MonitorPlay />} title={t("displays.empty")} lead={t("displays.emptyLead")} action={add} />
      ) : (
        <DisplayTable displays={displays.data} onOpen={(what, display) => setOpen({ what, display })} />
      )}
      {open?.what === "add" && <DisplayDialog onClose={close} onDone={done} />}
      {open?.what === "edit" && <DisplayDialog display={open.display} onClose={close} onDone={done} />}
      {open?.what === "shown" && <DisplayLinkDialog link={open.link} onClose={close} />}
      {open?.what === "link" && (
        <Confirm
          title={t("displays.relinkTitle", { name: open.display.name })}
          lead={t("displays.relinkLead")}
          action={t("displays.relink")}
          onConfirm={async () => {
            await done(await reauth(() => api.linkDisplay(open.display.id)));
          }}
          describeFailure={(error) => errorText(t, error)}
          onClose={() => setOpen((now) => (now?.what === "link" ? undefined : now))}
        />
      )}
      {open?.what === "revoke" && (
        <Confirm
          title={t("displays.revokeTitle", { name: open.display.name })}
          lead={t("displays.revokeLead")}
          action={t("displays.revoke")}
          onConfirm={() => revoke(open.display)}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
    </Page>
  );
}
