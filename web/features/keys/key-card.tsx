import { type ReactNode, useId } from "react";

interface Props {
  readonly title: string;
  readonly lead?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One kind of key: what it is for, what there is, what can be done. */
export function KeyCard({ title, lead, actions, children }: Props): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id} className="rounded-lg border border-line bg-panel p-4">
      <header className="mb-3 flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h2 id={id} className="font-semibold text-base">
            {title}
          </h2>
          {lead !== undefined && <p className="text-fg-muted text-xs">{lead}</p>}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}
