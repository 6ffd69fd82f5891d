import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Permission } from "../../../shared/api/access.ts";
import { type CreatedToken, MAX_TOKEN_DAYS, TOKEN_PERMISSIONS } from "../../../shared/api/tokens.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { permissionKey } from "../admin/grants/access-text.ts";
import { useReauth } from "../auth/reauth-provider.tsx";
import { CameraList } from "./camera-list.tsx";
import { CopyField } from "./copy-field.tsx";
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
  const formId = useId();
  const owners = useOwners(all);
  const [ownerId, setOwnerId] = useState(me.id);
  const [name, setName] = useState("");
  const [permissions, setPermissions] = useState<ReadonlySet<Permission>>(new Set(["live.view"]));
  const [some, setSome] = useState(false);
  const [cameras, setCameras] = useState<ReadonlySet<string>>(new Set());
  const [networks, setNetworks] = useState("");
  const [days, setDays] = useState("90");
  const [rate, setRate] = useState("600");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const offered = TOKEN_PERMISSIONS.filter((one) => owners.find(({ id }) => id === ownerId)?.permissions.has(one));
  const chosen = offered.filter((one) => permissions.has(one));
  const whole = (text: string, max: number): boolean => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= max;
  const ready =
    name.trim() !== "" &&
    chosen.length > 0 &&
    (!some || cameras.size > 0) &&
    whole(days, MAX_TOKEN_DAYS) &&
    whole(rate, 60_000);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    try {
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
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  const shown = ["name", "networks", "ownerId"].some((field) => fieldMessage(error, field) !== undefined);
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(next) => !next && onClose()}
      title={t("tokens.addTitle")}
      className="max-w-xl"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={!ready}>
            {t("tokens.create")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {error !== undefined && !shown && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("common.name")} hint={t("tokens.nameHint")} error={fieldMessage(error, "name")}>
            {(control) => (
              <Input
                {...control}
                autoFocus
                autoComplete="off"
                maxLength={100}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          {all && (
            <OwnerField owners={owners} value={ownerId} error={fieldMessage(error, "ownerId")} onChange={setOwnerId} />
          )}
        </div>
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-1 font-medium text-fg-soft text-xs">{t("tokens.may")}</legend>
          <div className="grid gap-x-4 sm:grid-cols-2">
            {offered.map((permission) => (
              <label
                key={permission}
                className="flex min-h-7 cursor-pointer items-center gap-2 text-sm coarse:min-h-11"
              >
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
        <SwitchRow
          label={t("tokens.someCameras")}
          hint={t("tokens.someCamerasHint")}
          checked={some}
          onChange={setSome}
        />
        {some && <CameraList chosen={cameras} onChange={setCameras} />}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("tokens.days")} hint={t("tokens.daysHint", { max: MAX_TOKEN_DAYS })}>
            {(control) => (
              <Input {...control} inputMode="numeric" value={days} onChange={(event) => setDays(event.target.value)} />
            )}
          </Field>
          <Field label={t("tokens.rate")} hint={t("tokens.rateHint")}>
            {(control) => (
              <Input {...control} inputMode="numeric" value={rate} onChange={(event) => setRate(event.target.value)} />
            )}
          </Field>
        </div>
        <Field
          label={t("tokens.networks")}
          optional={t("common.optional")}
          hint={t("tokens.networksHint")}
          error={fieldMessage(error, "networks")}
        >
          {(control) => (
            <Input
              {...control}
              spellCheck={false}
              autoComplete="off"
              placeholder="10.20.0.0/16, 2001:db8::/32"
              value={networks}
              onChange={(event) => setNetworks(event.target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
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
