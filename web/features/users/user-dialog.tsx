import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { User } from "../../../shared/api/schemas.ts";
import { ApiError, isAtField } from "../../api/api-error.ts";
import { errorText, fieldText } from "../../app/error-text.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices, useUser } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Field, TextField } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { finished, type GrantDraft, linesAtFault, sameGrants } from "../admin/grants/grant-drafts.ts";
import { GrantsEditor } from "../admin/grants/grants-editor.tsx";
import { refreshAccess, useRoles } from "../admin/grants/use-access.ts";
import { PasswordInput, PasswordStrength } from "../auth/password-input.tsx";
import { MIN_PASSWORD } from "../auth/password-strength.ts";
import { useReauth } from "../auth/reauth-provider.tsx";

interface UserDialogProps {
  readonly user?: User;
  /** The only one who administers. */
  readonly last?: boolean;
  readonly onClose: () => void;
}

/** An account with what is granted to it. Whether it is enabled, and its password, are actions of their own. */
export function UserDialog({ user, last = false, onClose }: UserDialogProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { api, session } = useServices();
  const me = useUser();
  const queries = useQueryClient();
  const reauth = useReauth();
  const roles = useRoles();
  const [username, setUsername] = useState(user?.username ?? "");
  const [displayName, setDisplayName] = useState(user?.displayName ?? "");
  const [password, setPassword] = useState("");
  const [mustChangePassword, setMustChange] = useState(true);
  const [grants, setGrants] = useState<readonly GrantDraft[]>(user?.grants ?? []);
  const self = user?.id === me.id;
  const whole = finished(grants);
  const ready =
    username.trim().length >= 3 && (user !== undefined || password.length >= MIN_PASSWORD) && whole !== undefined;

  const save = async (wanted: NonNullable<typeof whole>): Promise<User> => {
    const name = displayName.trim();
    if (user === undefined) {
      const language = i18n.resolvedLanguage === "ko" ? ("ko" as const) : ("en" as const);
      const named = name === "" ? {} : { displayName: name };
      const account = { username: username.trim(), password, mustChangePassword, language, grants: wanted, ...named };
      return reauth(() => api.createUser(account));
    }
    // Rights first: they are what may be refused.
    if (!self && !sameGrants(user.grants ?? [], wanted)) await reauth(() => api.setUserGrants(user.id, wanted));
    return name === "" || name === user.displayName ? user : api.updateUser(user.id, { displayName: name });
  };

  const form = useSubmit(async () => {
    if (whole === undefined) return;
    try {
      const saved = await save(whole);
      if (self) session.updateUser(saved);
      toast.success(t("users.saved", { name: saved.username }));
      onClose();
    } finally {
      await refreshAccess(queries);
    }
  });
  const { error } = form;

  const problems = error instanceof ApiError ? linesAtFault(error.details, errorText(t, error)) : new Map();
  return (
    <FormDialog
      form={form}
      title={user === undefined ? t("users.addTitle") : t("users.editTitle", { name: user.username })}
      action={user === undefined ? t("common.add") : t("common.save")}
      ready={ready}
      atField={isAtField(error, ["username", "displayName", "password"]) || problems.size > 0}
      className="max-w-2xl"
      onClose={onClose}
    >
      {last && <p className="rounded-md bg-accent-soft px-3 py-2 text-sm">{t("users.lastAdministratorLead")}</p>}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={t("auth.username")}
          error={fieldText(t, error, "username")}
          hint={user === undefined ? t("auth.usernameRule") : undefined}
          autoFocus={user === undefined}
          disabled={user !== undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={64}
          value={username}
          onChange={setUsername}
        />
        <TextField
          label={t("users.displayName")}
          optional={t("common.optional")}
          error={fieldText(t, error, "displayName")}
          autoComplete="off"
          maxLength={100}
          value={displayName}
          onChange={setDisplayName}
        />
      </div>
      {user === undefined && (
        <Field
          label={t("auth.password")}
          error={fieldText(t, error, "password")}
          hint={<PasswordStrength password={password} />}
        >
          {(control) => (
            <PasswordInput {...control} autoComplete="new-password" value={password} onChange={setPassword} />
          )}
        </Field>
      )}
      {user === undefined && (
        <SwitchRow label={t("signIn.mustChange")} checked={mustChangePassword} onChange={setMustChange} />
      )}
      <GrantsEditor
        grants={grants}
        roles={roles.data ?? []}
        problems={problems}
        readOnly={self}
        onChange={(changed) => {
          setGrants(changed);
          form.clearError();
        }}
      />
      {self && <p className="-mt-2 text-fg-muted text-xs">{t("users.ownRights")}</p>}
      {user !== undefined && <Memberships user={user} />}
    </FormDialog>
  );
}

function Memberships({ user }: { readonly user: User }): ReactNode {
  const { t } = useTranslation();
  const groups = user.groups ?? [];
  return (
    <div className="flex flex-col gap-1">
      <h3 className="font-medium text-fg-soft text-xs">{t("users.inGroups")}</h3>
      {groups.length === 0 ? (
        <p className="text-fg-muted text-sm">{t("users.noGroups")}</p>
      ) : (
        <>
          <ul className="flex flex-wrap gap-1.5">
            {groups.map(({ id, name }) => (
              <li key={id} className="rounded-sm bg-active px-1.5 py-0.5 text-xs">
                {name}
              </li>
            ))}
          </ul>
          <p className="text-fg-muted text-xs">{t("users.inGroupsLead")}</p>
        </>
      )}
    </div>
  );
}
