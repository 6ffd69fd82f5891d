import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";
import { cn } from "./cn.ts";

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly footer?: ReactNode;
  readonly className?: string;
  /** A form in progress is not lost to a click beside it. */
  readonly modalToClicks?: boolean;
  readonly children?: ReactNode;
}

const overlay = "fixed inset-0 z-40 bg-black/60 data-[state=open]:animate-appear";

export function Dialog(props: DialogProps): ReactNode {
  const { open, onOpenChange, title, description, footer, className, modalToClicks = false, children } = props;
  const { t } = useTranslation();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={overlay} />
        <Radix.Content
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          onPointerDownOutside={(event) => {
            if (modalToClicks) event.preventDefault();
          }}
          className={cn(
            "fixed top-1/2 left-1/2 z-40 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] max-w-md -translate-x-1/2 -translate-y-1/2 flex-col overflow-hidden rounded-xl border border-line-strong bg-panel shadow-float max-sm:top-auto max-sm:bottom-0 max-sm:max-h-[92dvh] max-sm:w-full max-sm:translate-y-0 max-sm:rounded-b-none max-sm:pb-[env(safe-area-inset-bottom)]",
            className,
          )}
        >
          <header className="flex items-center justify-between gap-4 border-line border-b py-2 pr-2 pl-4">
            <Radix.Title className="truncate font-semibold text-base">{title}</Radix.Title>
            <Radix.Close asChild>
              <Button variant="ghost" size="icon" aria-label={t("common.close")}>
                <X aria-hidden="true" />
              </Button>
            </Radix.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto p-4">
            {description !== undefined && (
              <Radix.Description className="mb-4 text-fg-soft text-sm">{description}</Radix.Description>
            )}
            {children}
          </div>
          {footer !== undefined && (
            <footer className="flex flex-wrap items-center justify-end gap-2 border-line border-t px-4 py-3">
              {footer}
            </footer>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A panel from the left edge: the resource tree on a tablet or phone. */
export function Sheet(props: Pick<DialogProps, "open" | "onOpenChange" | "children"> & { title: string }): ReactNode {
  return (
    <Radix.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={overlay} />
        <Radix.Content
          aria-describedby={undefined}
          // The first button would open its tooltip.
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
          }}
          className="outline-none fixed inset-y-0 left-0 z-40 flex w-[min(20rem,85vw)] animate-appear flex-col border-line-strong border-r bg-panel pb-[env(safe-area-inset-bottom)] shadow-float"
        >
          <Radix.Title className="sr-only">{props.title}</Radix.Title>
          {props.children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
