import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../app/services.ts";
import { Field } from "../../ui/field.tsx";
import { PasswordInput } from "../auth/password-input.tsx";

/** Whether the user has a password here; who has none proves otherwise who they are, when the server asks. */
export function useHasPassword(): boolean {
  const { api } = useServices();
  const methods = useQuery({ queryKey: ["reauthenticate"], queryFn: () => api.proofMethods(), gcTime: 0 });
  return methods.data?.includes("password") ?? true;
}

interface Props {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (password: string) => void;
}

/** One's own password, before what gives a secret away or cannot be undone. */
export function OwnPassword({ value, error, onChange }: Props): ReactNode {
  const { t } = useTranslation();
  return (
    <Field label={t("keys.password")} hint={t("keys.passwordHint")} error={error}>
      {(control) => <PasswordInput {...control} autoComplete="current-password" value={value} onChange={onChange} />}
    </Field>
  );
}
