import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRole, UserGroup } from "../../../shared/api/access.ts";
import type { OidcProvider } from "../../../shared/api/identity.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Field, Select, TextField } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { GroupMapping } from "./group-mapping.tsx";
import { bodyOfDraft, draftOf, isComplete, type ProviderDraft } from "./provider-form.ts";
import { roleName } from "./role-name.ts";

interface ProviderDialogProps {
  readonly provider?: OidcProvider;
  readonly roles: readonly AccessRole[];
  readonly groups: readonly UserGroup[];
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

type TextName = "name" | "issuer" | "clientId" | "scopes" | "groupClaim";

export function ProviderDialog({ provider, roles, groups, onSaved, onClose }: ProviderDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const [draft, setDraft] = useState<ProviderDraft>(() => draftOf(provider));
  const change = (part: Partial<ProviderDraft>): void => setDraft((now) => ({ ...now, ...part }));
  const form = useSubmit(async () => {
    const body = bodyOfDraft(draft, provider === undefined);
    await reauth(() => (provider === undefined ? api.createProvider(body) : api.updateProvider(provider.id, body)));
    await onSaved();
  });
  const { error } = form;
  const text = (field: TextName, label: string, hint?: string): ReactNode => (
    <TextField
      label={label}
      hint={hint}
      error={fieldMessage(error, field)}
      name={field}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      maxLength={2048}
      value={draft[field]}
      onChange={(value) => change({ [field]: value })}
    />
  );
  const switches = [
    ["createUsers", t("rules.createUsers"), t("rules.createUsersHint")],
    ["mfaTrusted", t("rules.mfaTrusted"), t("rules.mfaTrustedHint")],
    ["enabled", t("rules.enabled"), undefined],
  ] as const;
  return (
    <FormDialog
      form={form}
      title={provider === undefined ? t("rules.addTitle") : t("rules.editTitle", { name: provider.name })}
      action={provider === undefined ? t("common.add") : t("common.save")}
      ready={isComplete(draft)}
      className="max-w-xl"
      onClose={onClose}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        {text("name", t("rules.name"), t("rules.nameHint"))}
        {text("issuer", t("rules.issuer"))}
        {text("clientId", t("rules.clientId"))}
        <TextField
          label={t("rules.clientSecret")}
          optional={t("common.optional")}
          hint={provider?.hasClientSecret ? t("rules.secretKept") : undefined}
          error={fieldMessage(error, "clientSecret")}
          name="clientSecret"
          type="password"
          autoComplete="new-password"
          maxLength={2048}
          value={draft.clientSecret}
          onChange={(clientSecret) => change({ clientSecret })}
        />
        {text("scopes", t("rules.scopes"))}
        {text("groupClaim", t("rules.groupClaim"), t("rules.groupClaimHint"))}
      </div>
      <GroupMapping
        rules={draft.groupMap}
        roles={roles}
        groups={groups}
        onChange={(groupMap) => change({ groupMap })}
      />
      <Field label={t("rules.defaultRole")} hint={t("rules.defaultRoleHint")}>
        {(control) => (
          <Select
            {...control}
            name="defaultRoleId"
            value={draft.defaultRoleId}
            onChange={(event) => change({ defaultRoleId: event.target.value })}
          >
            <option value="">{t("rules.nothing")}</option>
            {roles.map((role) => (
              <option key={role.id} value={role.id}>
                {roleName(t, role)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {switches.map(([name, label, hint]) => (
        <SwitchRow
          key={name}
          label={label}
          {...(hint === undefined ? {} : { hint })}
          checked={draft[name]}
          onChange={(on) => change({ [name]: on })}
        />
      ))}
    </FormDialog>
  );
}
