import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { TextField } from "../../../ui/field.tsx";

interface NameFieldsProps {
  readonly name: string;
  readonly nameError: string | undefined;
  readonly autoFocus: boolean;
  readonly description: string;
  readonly onName: (name: string) => void;
  readonly onDescription: (description: string) => void;
}

/** What a role or a group is called, and for whom it is meant. */
export function NameFields(props: NameFieldsProps): ReactNode {
  const { name, nameError, autoFocus, description, onName, onDescription } = props;
  const { t } = useTranslation();
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label={t("common.name")}
        error={nameError}
        autoFocus={autoFocus}
        autoComplete="off"
        maxLength={100}
        value={name}
        onChange={onName}
      />
      <TextField
        label={t("access.description")}
        optional={t("common.optional")}
        autoComplete="off"
        maxLength={400}
        value={description}
        onChange={onDescription}
      />
    </div>
  );
}
