import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Field } from "../../ui/field.tsx";
import { PasswordInput } from "../auth/password-input.tsx";

/** Whether the user has a password here; who has none proves otherwise who they are, when the server asks. */
export function useHasPassword(): boolean {
  const { api } = useServices();
  const methods = useQuery({ queryKey: ["reauthenticate"], queryFn: () => api.proofMethods(), gcTime: 0 });
  return methods.data?.includes("password") ?? true;
}

export function isWrongPassword(error: unknown): boolean {
  return error instanceof ApiError && error.code === "auth.wrong_password";
}

interface Props {
  readonly value: string;
  /** Of the form. */
  readonly error: unknown;
  readonly onChange: (password: string) => void;
}

/** One's own password, before what gives a secret away or cannot be undone. */
export function OwnPassword({ value, error, onChange }: Props): ReactNode {
  const { t } = useTranslation();
  const wrong = isWrongPassword(error) ? errorText(t, error) : undefined;
  return (
    <Field label={t("keys.password")} hint={t("keys.passwordHint")} error={wrong}>
      {(control) => <PasswordInput {...control} autoComplete="current-password" value={value} onChange={onChange} />}
    </Field>
  );
}
