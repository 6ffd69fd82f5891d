import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AccessRole } from "../../../shared/api/access.ts";
import type { IdentitySettings } from "../../../shared/api/identity.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { accountKeys } from "../profile/use-account.ts";
import { roleName } from "./role-name.ts";
import { rulesKeys } from "./rules-keys.ts";

const LEAST = 12;
const MOST = 64;

interface RulesFormProps {
  readonly settings: IdentitySettings;
  readonly roles: readonly AccessRole[];
}

/** Length of passwords, and the roles whose people need a second factor. */
export function RulesForm({ settings, roles }: RulesFormProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const [length, setLength] = useState(String(settings.minPasswordLength));
  const [mfaRoles, setMfaRoles] = useState<ReadonlySet<string>>(new Set(settings.mfaRoles));
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const minPasswordLength = Number(length);
  const lengthOk = Number.isInteger(minPasswordLength) && minPasswordLength >= LEAST && minPasswordLength <= MOST;
  const same = [...mfaRoles].sort().join() === [...settings.mfaRoles].sort().join();
  const changed = !same || minPasswordLength !== settings.minPasswordLength;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!lengthOk || !changed) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const saved = await reauth(() => api.putIdentitySettings({ minPasswordLength, mfaRoles: [...mfaRoles] }));
      queries.setQueryData(rulesKeys.settings, saved);
      await queries.invalidateQueries({ queryKey: accountKeys.options });
      toast.success(t("rules.saved"));
    } catch (error) {
      setFailure(errorText(t, error));
    }
    setBusy(false);
  };
  const toggle = (id: string, on: boolean): void => {
    const next = new Set(mfaRoles);
    if (on) next.add(id);
    else next.delete(id);
    setMfaRoles(next);
  };
  return (
    <Card title={t("rules.passwords")}>
      <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {failure !== undefined && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {failure}
          </p>
        )}
        <Field
          label={t("rules.minLength")}
          hint={t("rules.minLengthHint")}
          error={lengthOk ? undefined : t("rules.minLengthHint")}
        >
          {(control) => (
            <Input
              {...control}
              name="minPasswordLength"
              type="number"
              inputMode="numeric"
              min={LEAST}
              max={MOST}
              value={length}
              onChange={(event) => setLength(event.target.value)}
              className="max-w-28"
            />
          )}
        </Field>
        <fieldset>
          <legend className="mb-1 font-medium text-fg-soft text-xs">{t("rules.mfa")}</legend>
          <div className="grid gap-x-4 sm:grid-cols-2">
            {roles
              // Programs never sign in.
              .filter(({ id }) => id !== "api-only")
              .map((role) => (
                <label key={role.id} className="flex min-h-8 cursor-pointer items-center gap-2 text-sm coarse:min-h-11">
                  <input
                    type="checkbox"
                    checked={mfaRoles.has(role.id)}
                    onChange={(event) => toggle(role.id, event.target.checked)}
                    className="size-4 coarse:size-5"
                  />
                  {roleName(t, role)}
                </label>
              ))}
          </div>
          <p className="mt-1 text-fg-muted text-xs">{t("rules.mfaHint")}</p>
        </fieldset>
        <div className="flex justify-end">
          <Button type="submit" variant="primary" busy={busy} disabled={!lengthOk || !changed}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Card>
  );
}
