import { type ReactNode, useId } from "react";

interface CardProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
}

/** One subject of a page of settings. */
export function Card({ title, lead, actions, children }: CardProps): ReactNode {
  const id = useId();
  return (
    <section aria-labelledby={id} className="rounded-lg border border-line bg-panel">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
        <div className="min-w-0 flex-1 basis-60">
          <h2 id={id} className="font-semibold text-base">
            {title}
          </h2>
          {lead !== undefined && <p className="text-fg-muted text-xs">{lead}</p>}
        </div>
        {actions}
      </header>
      {children !== undefined && <div className="border-line border-t px-4 py-3">{children}</div>}
    </section>
  );
}

/** A line within a card: what it is, its state, what can be done. */
export function CardRow(props: {
  readonly icon: ReactNode;
  readonly title: ReactNode;
  readonly note?: ReactNode;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 first:pt-0 last:pb-0 [&:not(:first-child)]:border-line [&:not(:first-child)]:border-t">
      <span aria-hidden="true" className="text-fg-muted [&_svg]:size-5">
        {props.icon}
      </span>
      <span className="min-w-0 flex-1 basis-40">
        <span className="block text-sm [overflow-wrap:anywhere]">{props.title}</span>
        {props.note !== undefined && <span className="nums block text-fg-muted text-xs">{props.note}</span>}
      </span>
      <span className="flex flex-wrap items-center gap-2">{props.children}</span>
    </li>
  );
}
