import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";

interface RenameLayoutProps {
  readonly name: string;
  readonly onClose: () => void;
  readonly onRename: (name: string) => void;
}

export function RenameLayout({ name, onClose, onRename }: RenameLayoutProps): ReactNode {
  const { t } = useTranslation();
  const [value, setValue] = useState(name);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (value.trim() !== "") onRename(value.trim());
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("layouts.renameTitle")}
      className="max-w-sm"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form="rename-layout" variant="primary" disabled={value.trim() === ""}>
            {t("layouts.rename")}
          </Button>
        </>
      }
    >
      <form id="rename-layout" onSubmit={submit}>
        <Field label={t("common.name")}>
          {(control) => (
            <Input
              {...control}
              autoFocus
              maxLength={100}
              value={value}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
