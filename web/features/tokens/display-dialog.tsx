import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DeviceLink, KioskDevice } from "../../../shared/api/tokens.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { useWall } from "../live/wall-context.tsx";
import { OwnerField, useOwners } from "./owner-field.tsx";
import { networkList } from "./use-tokens.ts";

interface DisplayDialogProps {
  readonly display?: KioskDevice;
  readonly onClose: () => void;
  /** With the link of a display that was made now. */
  readonly onDone: (link?: DeviceLink) => Promise<void>;
}

/** A display: its name, the layout that it shows, whose rights bound it, from where it may be used. */
export function DisplayDialog({ display, onClose, onDone }: DisplayDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const me = useUser();
  const formId = useId();
  const owners = useOwners(true);
  const layouts = useWall().layouts.data ?? [];
  const [name, setName] = useState(display?.name ?? "");
  const [layoutId, setLayoutId] = useState(display?.layout?.id ?? "");
  const [ownerId, setOwnerId] = useState(me.id);
  const [networks, setNetworks] = useState(display?.networks.join(", ") ?? "");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const ready = name.trim() !== "" && layoutId !== "";

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    const body = { name: name.trim(), layoutId, networks: networkList(networks) };
    try {
      if (display !== undefined) {
        await reauth(() => api.updateDisplay(display.id, body));
        await onDone();
      } else {
        const wanted = { ...body, ...(ownerId === me.id ? {} : { ownerId }) };
        await onDone(await reauth(() => api.createDisplay(wanted)));
      }
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  const shown = ["name", "networks", "ownerId", "layoutId"].some((field) => fieldMessage(error, field) !== undefined);
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(next) => !next && onClose()}
      title={display === undefined ? t("displays.addTitle") : t("displays.editTitle", { name: display.name })}
      className="max-w-lg"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={!ready}>
            {display === undefined ? t("common.add") : t("common.save")}
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
        <Field label={t("common.name")} hint={t("displays.nameHint")} error={fieldMessage(error, "name")}>
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
        <Field
          label={t("displays.layout")}
          hint={layouts.length === 0 ? t("displays.noLayouts") : t("displays.layoutHint")}
          error={fieldMessage(error, "layoutId")}
        >
          {(control) => (
            <Select {...control} value={layoutId} onChange={(event) => setLayoutId(event.target.value)}>
              <option value="" disabled>
                {t("displays.chooseLayout")}
              </option>
              {layouts.map((layout) => (
                <option key={layout.id} value={layout.id}>
                  {layout.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {display === undefined && (
          <OwnerField owners={owners} value={ownerId} error={fieldMessage(error, "ownerId")} onChange={setOwnerId} />
        )}
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
