import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Role, User } from "../../../shared/api/schemas.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { queryKeys } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { PasswordInput, PasswordStrength } from "../auth/password-input.tsx";
import { MIN_PASSWORD } from "../auth/password-strength.ts";
import { CameraChoice } from "./camera-choice.tsx";

interface UserDialogProps {
  readonly user?: User;
  readonly onClose: () => void;
}

const ROLES: readonly Role[] = ["admin", "operator", "viewer"];

export function UserDialog({ user, onClose }: UserDialogProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { api, session } = useServices();
  const me = useUser();
  const queries = useQueryClient();
  const formId = useId();
  const [username, setUsername] = useState(user?.username ?? "");
  const [displayName, setDisplayName] = useState(user?.displayName ?? "");
  const [role, setRole] = useState<Role>(user === undefined || user.role === "custom" ? "operator" : user.role);
  const [enabled, setEnabled] = useState(user?.enabled ?? true);
  const [password, setPassword] = useState("");
  const [cameraIds, setCameraIds] = useState<readonly string[]>(user?.cameraIds ?? []);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const self = user?.id === me.id;
  const passwordOk =
    user === undefined ? password.length >= MIN_PASSWORD : password === "" || password.length >= MIN_PASSWORD;
  const ready = username.trim().length >= 3 && passwordOk;
  const name = displayName.trim();

  const save = async (): Promise<User> => {
    const cameras = role === "viewer" ? { cameraIds: [...cameraIds] } : {};
    if (user === undefined) {
      const language = i18n.resolvedLanguage === "ko" ? ("ko" as const) : ("en" as const);
      return api.createUser({
        username: username.trim(),
        password,
        role,
        language,
        ...cameras,
        ...(name === "" ? {} : { displayName: name }),
      });
    }
    return api.updateUser(user.id, {
      // Nobody takes their own rights away by accident.
      ...(self ? {} : { role, enabled }),
      ...cameras,
      ...(name === "" || name === user.displayName ? {} : { displayName: name }),
      ...(password === "" ? {} : { password }),
    });
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setError(undefined);
    try {
      const saved = await save();
      if (self) session.updateUser(saved);
      await queries.invalidateQueries({ queryKey: queryKeys.users });
      toast.success(t("users.saved", { name: saved.username }));
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };

  const shownAtField = ["username", "displayName", "password"].some(
    (field) => fieldMessage(error, field) !== undefined,
  );
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={user === undefined ? t("users.addTitle") : t("users.editTitle", { name: user.username })}
      className="max-w-lg"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={!ready}>
            {user === undefined ? t("common.add") : t("common.save")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {error !== undefined && !shownAtField && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("auth.username")} error={fieldMessage(error, "username")}>
            {(control) => (
              <Input
                {...control}
                autoFocus={user === undefined}
                disabled={user !== undefined}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                maxLength={64}
                value={username}
                onChange={(event) => setUsername(event.target.value)}
              />
            )}
          </Field>
          <Field
            label={t("users.displayName")}
            optional={t("common.optional")}
            error={fieldMessage(error, "displayName")}
          >
            {(control) => (
              <Input
                {...control}
                autoComplete="off"
                maxLength={100}
                value={displayName}
                onChange={(event) => setDisplayName(event.target.value)}
              />
            )}
          </Field>
        </div>
        <Field
          label={t("auth.password")}
          error={fieldMessage(error, "password")}
          hint={
            user !== undefined && password === "" ? (
              t("users.newPasswordHint")
            ) : (
              <PasswordStrength password={password} />
            )
          }
        >
          {(control) => (
            <PasswordInput {...control} autoComplete="new-password" value={password} onChange={setPassword} />
          )}
        </Field>
        <Field label={t("users.role")} hint={t(`users.roleHint.${role}`)}>
          {(control) => (
            <Select {...control} disabled={self} value={role} onChange={(event) => setRole(event.target.value as Role)}>
              {ROLES.map((option) => (
                <option key={option} value={option}>
                  {t(`roles.${option}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {role === "viewer" && <CameraChoice chosen={cameraIds} onChange={setCameraIds} />}
        {user !== undefined && !self && (
          <SwitchRow label={t("users.enabled")} hint={t("users.enabledHint")} checked={enabled} onChange={setEnabled} />
        )}
      </form>
    </Dialog>
  );
}
