import type { ReactNode } from "react";

interface PageProps {
  readonly title: string;
  readonly lead?: string | undefined;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page of lists and forms: title, actions, then content that scrolls. */
export function Page({ title, lead, actions, children }: PageProps): ReactNode {
  return (
    <main className="flex h-full flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-6">
        <h1 className="font-semibold text-lg">{title}</h1>
        {lead !== undefined && <p className="nums text-fg-muted text-sm">{lead}</p>}
        <div className="ml-auto flex items-center gap-2 max-sm:w-full">{actions}</div>
      </header>
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6 sm:px-6">{children}</div>
    </main>
  );
}

export const tableClass = "w-full border-separate border-spacing-0 text-left text-sm";
export const headClass =
  "sticky top-0 z-10 whitespace-nowrap border-line border-y bg-panel px-3 py-1.5 font-medium text-fg-muted text-xs first:rounded-l-md first:border-l last:rounded-r-md last:border-r";
export const cellClass = "border-line border-b px-3 py-1.5 align-middle";
