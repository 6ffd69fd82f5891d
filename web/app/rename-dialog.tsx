import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { TextField } from "../ui/field.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { useSubmit } from "./use-submit.ts";

interface RenameDialogProps {
  readonly title: string;
  readonly action: string;
  /** What it is called now. */
  readonly name: string;
  /** Gets the new name, which is not empty. */
  readonly onRename: (name: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Another name, and nothing else. */
export function RenameDialog({ title, action, name, onRename, onClose }: RenameDialogProps): ReactNode {
  const { t } = useTranslation();
  const [value, setValue] = useState(name);
  const form = useSubmit(() => onRename(value.trim()));
  return (
    <FormDialog
      form={form}
      title={title}
      action={action}
      ready={value.trim() !== ""}
      className="max-w-sm"
      onClose={onClose}
    >
      <TextField
        label={t("common.name")}
        autoFocus
        maxLength={100}
        value={value}
        onFocus={(event) => event.target.select()}
        onChange={setValue}
      />
    </FormDialog>
  );
}
