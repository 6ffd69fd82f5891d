import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { KeyInventory } from "../../../shared/api/keys.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Page } from "../../ui/page.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useInstantText } from "../audit/use-instant-text.ts";
import { useNames } from "../audit/use-names.ts";
import { DestroyKeysDialog } from "./destroy-keys-dialog.tsx";
import { KEYS_KEY } from "./keys-query.ts";
import { MasterKeyTable, RotationBar } from "./master-keys.tsx";
import { VideoKeyList } from "./video-key-list.tsx";

const POLL_MS = 700;

/** What encrypts what: looked at, renewed, handed out, destroyed. */
export function KeysPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [opened, setOpened] = useState<"rotate" | "destroy">();
  const inventory = useQuery({
    queryKey: KEYS_KEY,
    queryFn: ({ signal }) => api.keyInventory(signal),
    refetchInterval: ({ state: { data } }) => (data?.rotation.running === true ? POLL_MS : false),
  });
  const { data } = inventory;
  const fields = data?.masterKeys.reduce((sum, key) => sum + key.fields, 0) ?? 0;
  return (
    <Page
      title={t("keys.title")}
      actions={
        <Button variant="danger" onClick={() => setOpened("destroy")}>
          {t("keys.destroy")}
        </Button>
      }
    >
      {inventory.isPending ? (
        <SkeletonRows count={6} />
      ) : data === undefined ? (
        <FailureState
          title={t("keys.failed")}
          lead={errorText(t, inventory.error)}
          onRetry={() => void inventory.refetch()}
        />
      ) : (
        <div className="mx-auto flex max-w-5xl flex-col gap-4">
          <p className="text-fg-muted text-sm">{t("keys.lead")}</p>
          <Card title={t("keys.root")} lead={t("keys.rootLead")}>
            <p className="flex flex-wrap items-baseline gap-x-4 gap-y-1 text-sm">
              <span>{t(`keys.origins.${data.rootKey.origin}`)}</span>
              <span className="text-fg-muted">
                {t("keys.fingerprint")} <code className="text-fg">{data.rootKey.fingerprint}</code>
              </span>
            </p>
          </Card>
          <Card
            title={t("keys.masterKeys")}
            lead={t("keys.masterLead")}
            actions={
              <Button size="sm" disabled={data.rotation.running} onClick={() => setOpened("rotate")}>
                {t("keys.rotate")}
              </Button>
            }
          >
            <MasterKeyTable inventory={data} />
            <RotationBar inventory={data} />
          </Card>
          <Card title={t("keys.videoKeys")} lead={t("keys.videoLead", { ...data.videoKeys })}>
            <VideoKeyList />
          </Card>
          <SigningKeys inventory={data} />
          {data.revoked.length > 0 && <Destroyed inventory={data} />}
        </div>
      )}
      {opened === "rotate" && data !== undefined && (
        <Confirm
          title={t("keys.rotateTitle")}
          lead={t("keys.rotateLead", { keys: data.videoKeys.total, fields })}
          action={t("keys.rotate")}
          describeFailure={(error) => errorText(t, error)}
          onConfirm={async () => {
            queries.setQueryData(KEYS_KEY, await api.rotateMasterKey());
            toast.success(t("keys.rotated"));
          }}
          onClose={() => setOpened(undefined)}
        />
      )}
      {opened === "destroy" && <DestroyKeysDialog onClose={() => setOpened(undefined)} />}
    </Page>
  );
}

function SigningKeys({ inventory: { signingKeys } }: { readonly inventory: KeyInventory }): ReactNode {
  const { t } = useTranslation();
  const when = useInstantText();
  return (
    <Card title={t("keys.signing")} lead={t("keys.signingLead")}>
      <ul className="flex flex-col gap-2 text-sm">
        {signingKeys.map(({ use, fingerprint, createdAt }) => (
          <li key={use}>
            <span className="font-medium">{t(`keys.uses.${use}`)}</span>{" "}
            <span className="text-fg-muted text-xs">
              {t("keys.made")} {when(createdAt)}
            </span>
            <code className="block text-fg-soft text-xs [overflow-wrap:anywhere]">{fingerprint}</code>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Destroyed({ inventory: { revoked } }: { readonly inventory: KeyInventory }): ReactNode {
  const { t } = useTranslation();
  const when = useInstantText();
  const names = useNames();
  return (
    <Card title={t("keys.destroyedTitle")}>
      <ul className="flex max-h-64 flex-col gap-1 overflow-y-auto text-sm">
        {revoked.map(({ keyId, cameraId, utcDay, reason, byName, at }) => (
          <li key={keyId} className="[overflow-wrap:anywhere]">
            <span className="nums">{utcDay}</span> {names.get(cameraId) ?? cameraId}{" "}
            <span className="text-fg-muted text-xs">
              {t("keys.destroyedBy", { by: byName, when: when(at), reason })}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
