import { AlertDialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";

interface ConfirmProps {
  readonly title: string;
  readonly lead: string;
  readonly action: string;
  /** The dialog stays open and busy until this settles; a rejection shows `failure`. */
  readonly onConfirm: () => Promise<void>;
  readonly describeFailure: (error: unknown) => string;
  readonly onClose: () => void;
}

/** For what cannot be undone. The safe button has the focus. */
export function Confirm({ title, lead, action, onConfirm, describeFailure, onClose }: ConfirmProps): ReactNode {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const confirm = async (): Promise<void> => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setFailure(describeFailure(error));
      setBusy(false);
    }
  };
  return (
    <Radix.Root open onOpenChange={(open) => !open && !busy && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/60" />
        <Radix.Content className="fixed top-1/2 left-1/2 z-40 w-[calc(100vw-2rem)] max-w-sm -translate-x-1/2 -translate-y-1/2 animate-appear rounded-xl border border-line-strong bg-panel p-4 shadow-float">
          <Radix.Title className="font-semibold text-base [overflow-wrap:anywhere]">{title}</Radix.Title>
          <Radix.Description className="mt-1 text-fg-soft text-sm">{lead}</Radix.Description>
          {failure !== undefined && (
            <p role="alert" className="mt-3 text-danger text-sm">
              {failure}
            </p>
          )}
          <div className="mt-4 flex justify-end gap-2">
            <Radix.Cancel asChild>
              <Button disabled={busy}>{t("common.cancel")}</Button>
            </Radix.Cancel>
            <Button variant="danger" busy={busy} onClick={() => void confirm()}>
              {action}
            </Button>
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
