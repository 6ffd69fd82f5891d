import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { errorText } from "./error-text.ts";
import type { Submission } from "./use-submit.ts";

interface FormDialogProps {
  readonly form: Submission;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  /** What the button says that sends it. */
  readonly action: string;
  /** What it does cannot be undone. */
  readonly danger?: boolean;
  readonly ready: boolean;
  /** A field says already what is wrong with it. */
  readonly atField?: boolean;
  /** Beside the buttons. */
  readonly note?: ReactNode;
  readonly className?: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A form in a dialog: what was refused stands above the fields, the buttons stay in sight below them. */
export function FormDialog(props: FormDialogProps): ReactNode {
  const { form, title, description, action, danger = false, ready, atField = false, note, className, onClose } = props;
  const { t } = useTranslation();
  const formId = useId();
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description={description}
      {...(className === undefined ? {} : { className })}
      footer={
        <>
          {note}
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            type="submit"
            form={formId}
            variant={danger ? "danger" : "primary"}
            busy={form.busy}
            disabled={!ready}
          >
            {action}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void form.submit();
        }}
      >
        {form.error !== undefined && !atField && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, form.error)}
          </p>
        )}
        {props.children}
      </form>
    </Dialog>
  );
}
