import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRole, UserGroup } from "../../../shared/api/access.ts";
import type { OidcProvider } from "../../../shared/api/identity.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
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

type TextField = "name" | "issuer" | "clientId" | "scopes" | "groupClaim";

export function ProviderDialog({ provider, roles, groups, onSaved, onClose }: ProviderDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const formId = useId();
  const [draft, setDraft] = useState<ProviderDraft>(() => draftOf(provider));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const change = (part: Partial<ProviderDraft>): void => setDraft((now) => ({ ...now, ...part }));
  const ready = isComplete(draft);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    const body = bodyOfDraft(draft, provider === undefined);
    try {
      await reauth(() => (provider === undefined ? api.createProvider(body) : api.updateProvider(provider.id, body)));
      await onSaved();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const text = (field: TextField, label: string, hint?: string): ReactNode => (
    <Field label={label} hint={hint} error={fieldMessage(error, field)}>
      {(control) => (
        <Input
          {...control}
          name={field}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={2048}
          value={draft[field]}
          onChange={(event) => change({ [field]: event.target.value })}
        />
      )}
    </Field>
  );
  const switches = [
    ["createUsers", t("rules.createUsers"), t("rules.createUsersHint")],
    ["mfaTrusted", t("rules.mfaTrusted"), t("rules.mfaTrustedHint")],
    ["enabled", t("rules.enabled"), undefined],
  ] as const;
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={provider === undefined ? t("rules.addTitle") : t("rules.editTitle", { name: provider.name })}
      className="max-w-xl"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={!ready}>
            {provider === undefined ? t("common.add") : t("common.save")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {error !== undefined && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          {text("name", t("rules.name"), t("rules.nameHint"))}
          {text("issuer", t("rules.issuer"))}
          {text("clientId", t("rules.clientId"))}
          <Field
            label={t("rules.clientSecret")}
            optional={t("common.optional")}
            hint={provider?.hasClientSecret ? t("rules.secretKept") : undefined}
            error={fieldMessage(error, "clientSecret")}
          >
            {(control) => (
              <Input
                {...control}
                name="clientSecret"
                type="password"
                autoComplete="new-password"
                maxLength={2048}
                value={draft.clientSecret}
                onChange={(event) => change({ clientSecret: event.target.value })}
              />
            )}
          </Field>
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
      </form>
    </Dialog>
  );
}
