import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DeviceLink, KioskDevice } from "../../../shared/api/tokens.ts";
import { fieldMessage, isAtField } from "../../api/api-error.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices, useUser } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Field, Select, TextField } from "../../ui/field.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { useWall } from "../live/wall-context.tsx";
import { NetworksField } from "./networks-field.tsx";
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
  const owners = useOwners(true);
  const layouts = useWall().layouts.data ?? [];
  const [name, setName] = useState(display?.name ?? "");
  const [layoutId, setLayoutId] = useState(display?.layout?.id ?? "");
  const [ownerId, setOwnerId] = useState(me.id);
  const [networks, setNetworks] = useState(display?.networks.join(", ") ?? "");
  const form = useSubmit(async () => {
    const body = { name: name.trim(), layoutId, networks: networkList(networks) };
    if (display !== undefined) {
      await reauth(() => api.updateDisplay(display.id, body));
      await onDone();
    } else {
      const wanted = { ...body, ...(ownerId === me.id ? {} : { ownerId }) };
      await onDone(await reauth(() => api.createDisplay(wanted)));
    }
  });
  const { error } = form;

  return (
    <FormDialog
      form={form}
      title={display === undefined ? t("displays.addTitle") : t("displays.editTitle", { name: display.name })}
      action={display === undefined ? t("common.add") : t("common.save")}
      ready={name.trim() !== "" && layoutId !== ""}
      atField={isAtField(error, ["name", "networks", "ownerId", "layoutId"])}
      className="max-w-lg"
      onClose={onClose}
    >
      <TextField
        label={t("common.name")}
        hint={t("displays.nameHint")}
        error={fieldMessage(error, "name")}
        autoFocus
        autoComplete="off"
        maxLength={100}
        value={name}
        onChange={setName}
      />
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
      <NetworksField value={networks} error={error} onChange={setNetworks} />
    </FormDialog>
  );
}
