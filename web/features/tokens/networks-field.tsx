import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { fieldMessage } from "../../api/api-error.ts";
import { TextField } from "../../ui/field.tsx";

interface NetworksFieldProps {
  readonly value: string;
  /** Of the form. */
  readonly error: unknown;
  readonly onChange: (value: string) => void;
}

/** From where a token or a display may be used; empty: from anywhere. */
export function NetworksField({ value, error, onChange }: NetworksFieldProps): ReactNode {
  const { t } = useTranslation();
  return (
    <TextField
      label={t("tokens.networks")}
      optional={t("common.optional")}
      hint={t("tokens.networksHint")}
      error={fieldMessage(error, "networks")}
      spellCheck={false}
      autoComplete="off"
      placeholder="10.20.0.0/16, 2001:db8::/32"
      value={value}
      onChange={onChange}
    />
  );
}
