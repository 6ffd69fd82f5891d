import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Permission } from "../../../shared/api/access.ts";
import { type CreatedToken, MAX_TOKEN_DAYS, TOKEN_PERMISSIONS } from "../../../shared/api/tokens.ts";
import { fieldMessage, isAtField } from "../../api/api-error.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices, useUser } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { permissionKey } from "../admin/grants/access-text.ts";
import { useReauth } from "../auth/reauth-provider.tsx";
import { CameraList } from "./camera-list.tsx";
import { CopyField } from "./copy-field.tsx";
import { NetworksField } from "./networks-field.tsx";
import { OwnerField, useOwners } from "./owner-field.tsx";
import { networkList, refreshTokens } from "./use-tokens.ts";

/** Makes a token; then shows its secret, this once. */
export function TokenDialog({ all, onClose }: { readonly all: boolean; readonly onClose: () => void }): ReactNode {
  const [created, setCreated] = useState<CreatedToken>();
  return created === undefined ? (
    <TokenForm all={all} onCreated={setCreated} onClose={onClose} />
  ) : (
    <SecretDialog created={created} onClose={onClose} />
  );
}

interface TokenFormProps {
  readonly all: boolean;
  readonly onCreated: (created: CreatedToken) => void;
  readonly onClose: () => void;
}

function TokenForm({ all, onCreated, onClose }: TokenFormProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const me = useUser();
  const queries = useQueryClient();
  const owners = useOwners(all);
  const [ownerId, setOwnerId] = useState(me.id);
  const [name, setName] = useState("");
  const [permissions, setPermissions] = useState<ReadonlySet<Permission>>(new Set(["live.view"]));
  const [some, setSome] = useState(false);
  const [cameras, setCameras] = useState<ReadonlySet<string>>(new Set());
  const [networks, setNetworks] = useState("");
  const [days, setDays] = useState("90");
  const [rate, setRate] = useState("600");
  const offered = TOKEN_PERMISSIONS.filter((one) => owners.find(({ id }) => id === ownerId)?.permissions.has(one));
  const chosen = offered.filter((one) => permissions.has(one));
  const whole = (text: string, max: number): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= max;
  const ready =
    name.trim() !== "" &&
    chosen.length > 0 &&
    (!some || cameras.size > 0) &&
    whole(days, MAX_TOKEN_DAYS) &&
    whole(rate, 60_000);

  const form = useSubmit(async () => {
    const wanted = {
      name: name.trim(),
      permissions: chosen,
      days: Number(days),
      ratePerMinute: Number(rate),
      networks: networkList(networks),
      cameraIds: some ? [...cameras] : null,
      ...(ownerId === me.id ? {} : { ownerId }),
    };
    const created = await reauth(() => api.createToken(wanted));
    onCreated(created);
    await refreshTokens(queries);
  });
  const { error } = form;

  return (
    <FormDialog
      form={form}
      title={t("tokens.addTitle")}
      action={t("tokens.create")}
      ready={ready}
      atField={isAtField(error, ["name", "networks", "ownerId"])}
      className="max-w-xl"
      onClose={onClose}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={t("common.name")}
          hint={t("tokens.nameHint")}
          error={fieldMessage(error, "name")}
          autoFocus
          autoComplete="off"
          maxLength={100}
          value={name}
          onChange={setName}
        />
        {all && (
          <OwnerField owners={owners} value={ownerId} error={fieldMessage(error, "ownerId")} onChange={setOwnerId} />
        )}
      </div>
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 font-medium text-fg-soft text-xs">{t("tokens.may")}</legend>
        <div className="grid gap-x-4 sm:grid-cols-2">
          {offered.map((permission) => (
            <label key={permission} className="flex min-h-7 cursor-pointer items-center gap-2 text-sm coarse:min-h-11">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-accent coarse:size-5"
                checked={permissions.has(permission)}
                onChange={(event) => setPermissions(toggled(permissions, permission, event.target.checked))}
              />
              {t(`access.permissions.${permissionKey(permission)}`)}
            </label>
          ))}
        </div>
        <p className="mt-1 text-fg-muted text-xs">{t("tokens.mayHint")}</p>
      </fieldset>
      <SwitchRow label={t("tokens.someCameras")} hint={t("tokens.someCamerasHint")} checked={some} onChange={setSome} />
      {some && <CameraList chosen={cameras} onChange={setCameras} />}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={t("tokens.days")}
          hint={t("tokens.daysHint", { max: MAX_TOKEN_DAYS })}
          inputMode="numeric"
          value={days}
          onChange={setDays}
        />
        <TextField
          label={t("tokens.rate")}
          hint={t("tokens.rateHint")}
          inputMode="numeric"
          value={rate}
          onChange={setRate}
        />
      </div>
      <NetworksField value={networks} error={error} onChange={setNetworks} />
    </FormDialog>
  );
}

function SecretDialog({
  created,
  onClose,
}: {
  readonly created: CreatedToken;
  readonly onClose: () => void;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(next) => !next && onClose()}
      title={t("tokens.secretTitle", { name: created.token.name })}
      description={t("tokens.secretLead")}
      className="max-w-xl"
      footer={
        <Button variant="primary" onClick={onClose}>
          {t("tokens.secretKept")}
        </Button>
      }
    >
      <CopyField label={t("tokens.secret")} text={created.secret} />
      <p className="mt-4 text-fg-muted text-xs">{t("tokens.secretUse")}</p>
      <pre className="mt-1 overflow-x-auto rounded-md bg-ground p-2 font-mono text-2xs text-fg-soft">
        {`curl -H "Authorization: Bearer $FLUXVISION_TOKEN" ${location.origin}/api/v1/cameras`}
      </pre>
    </Dialog>
  );
}

function toggled<T>(set: ReadonlySet<T>, one: T, on: boolean): ReadonlySet<T> {
  const next = new Set(set);
  if (on) next.add(one);
  else next.delete(one);
  return next;
}
