import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Field, Input, Select } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { PasswordInput } from "../auth/password-input.tsx";
import { useWall } from "../live/wall-context.tsx";
import { groupPath } from "../tree/build-tree.ts";
import type { CameraForm } from "./camera-form.ts";

interface CameraFieldsProps {
  readonly form: CameraForm;
  readonly hasPassword: boolean;
  readonly problem: (field: string) => string | undefined;
  readonly onChange: (change: Partial<CameraForm>) => void;
}

export function CameraFields({ form, hasPassword, problem, onChange }: CameraFieldsProps): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  const groups = [
    ...new Set((cameras.data ?? []).map((camera) => groupPath(camera.group).join("/")).filter((group) => group !== "")),
  ];
  const secure = /^rtsps:/i.test(`${form.url.trim()} `) || /^rtsps:/i.test(form.subUrl.trim());
  const optional = t("common.optional");
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t("cameras.fields.name")} error={problem("name")}>
          {(control) => (
            <Input
              {...control}
              autoFocus
              autoComplete="off"
              maxLength={100}
              placeholder={t("cameras.fields.namePlaceholder")}
              value={form.name}
              onChange={(event) => onChange({ name: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={t("cameras.fields.group")}
          optional={optional}
          error={problem("group")}
          hint={t("cameras.fields.groupHint")}
        >
          {(control) => (
            <>
              <Input
                {...control}
                list="camera-groups"
                autoComplete="off"
                maxLength={400}
                value={form.group}
                onChange={(event) => onChange({ group: event.target.value })}
              />
              <datalist id="camera-groups">
                {groups.map((group) => (
                  <option key={group} value={group} />
                ))}
              </datalist>
            </>
          )}
        </Field>
      </div>
      <Field label={t("cameras.fields.url")} error={problem("url")}>
        {(control) => (
          <Input
            {...control}
            type="text"
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            maxLength={2048}
            placeholder="rtsp://192.168.0.20:554/stream1"
            value={form.url}
            onChange={(event) => onChange({ url: event.target.value })}
          />
        )}
      </Field>
      <Field
        label={t("cameras.fields.subUrl")}
        optional={optional}
        error={problem("subUrl")}
        hint={t("cameras.fields.subUrlHint")}
      >
        {(control) => (
          <Input
            {...control}
            type="text"
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
            maxLength={2048}
            placeholder="rtsp://192.168.0.20:554/stream2"
            value={form.subUrl}
            onChange={(event) => onChange({ subUrl: event.target.value })}
          />
        )}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t("cameras.fields.username")} optional={optional} error={problem("username")}>
          {(control) => (
            <Input
              {...control}
              // Not the operator's own account: the browser must not offer it.
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              maxLength={256}
              value={form.username}
              onChange={(event) => onChange({ username: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("cameras.fields.password")} optional={optional} error={problem("password")}>
          {(control) => (
            <PasswordInput
              {...control}
              autoComplete="new-password"
              placeholder={hasPassword && !form.removePassword ? t("cameras.fields.passwordKept") : ""}
              value={form.password}
              onChange={(password) => onChange({ password })}
            />
          )}
        </Field>
        <Field label={t("cameras.fields.transport")} error={problem("transport")}>
          {(control) => (
            <Select
              {...control}
              value={form.transport}
              onChange={(event) => onChange({ transport: event.target.value as CameraForm["transport"] })}
            >
              <option value="auto">{t("cameras.transports.auto")}</option>
              <option value="tcp">{t("cameras.transports.tcp")}</option>
              <option value="udp">{t("cameras.transports.udp")}</option>
            </Select>
          )}
        </Field>
      </div>
      <div className="flex flex-col gap-3 rounded-md border border-line p-3">
        {hasPassword && (
          <SwitchRow
            label={t("cameras.fields.removePassword")}
            checked={form.removePassword}
            onChange={(removePassword) => onChange({ removePassword, ...(removePassword ? { password: "" } : {}) })}
          />
        )}
        {secure && (
          <SwitchRow
            label={t("cameras.fields.untrusted")}
            hint={t("cameras.fields.untrustedHint")}
            checked={form.allowUntrustedCertificate}
            onChange={(allowUntrustedCertificate) => onChange({ allowUntrustedCertificate })}
          />
        )}
        <SwitchRow
          label={t("cameras.fields.enabled")}
          hint={t("cameras.fields.enabledHint")}
          checked={form.enabled}
          onChange={(enabled) => onChange({ enabled })}
        />
      </div>
    </>
  );
}
