import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "../../ui/field.tsx";
import { PasswordInput, PasswordStrength } from "./password-input.tsx";
import { MIN_PASSWORD } from "./password-strength.ts";

/** A new password and the same once more, as they are typed. */
export interface NewPassword {
  readonly password: string;
  readonly repeated: string;
}

export const noPassword: NewPassword = { password: "", repeated: "" };

/** Long enough, and twice the same. What else is wrong with it the server says. */
export function isWhole({ password, repeated }: NewPassword, least = MIN_PASSWORD): boolean {
  return [...password].length >= least && repeated === password;
}

interface NewPasswordFieldsProps {
  readonly label: string;
  readonly value: NewPassword;
  /** What the server says of it. */
  readonly error: string | undefined;
  /** Shortest length that the rules allow. */
  readonly least?: number | undefined;
  readonly autoFocus?: boolean;
  readonly onChange: (value: NewPassword) => void;
}

export function NewPasswordFields(props: NewPasswordFieldsProps): ReactNode {
  const { label, value, error, least = MIN_PASSWORD, autoFocus, onChange } = props;
  const { t } = useTranslation();
  const { password, repeated } = value;
  const mismatch = repeated !== "" && repeated !== password;
  return (
    <>
      <Field label={label} error={error} hint={<PasswordStrength password={password} least={least} />}>
        {(control) => (
          <PasswordInput
            {...control}
            name="new-password"
            autoFocus={autoFocus}
            autoComplete="new-password"
            value={password}
            onChange={(next) => onChange({ ...value, password: next })}
          />
        )}
      </Field>
      <Field label={t("auth.confirmPassword")} error={mismatch ? t("auth.passwordMismatch") : undefined}>
        {(control) => (
          <PasswordInput
            {...control}
            name="repeat-password"
            autoComplete="new-password"
            value={repeated}
            onChange={(next) => onChange({ ...value, repeated: next })}
          />
        )}
      </Field>
    </>
  );
}
