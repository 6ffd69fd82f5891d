import type { ReactNode } from "react";
import { cn } from "../../ui/cn.ts";

interface StateMarkProps {
  readonly tone: "ok" | "warn" | "off";
  readonly children: ReactNode;
}

const TONES = { ok: "text-ok", warn: "text-warn", off: "text-fg-muted" } as const;

export function StateMark({ tone, children }: StateMarkProps): ReactNode {
  return (
    <span className={cn("flex items-center gap-1.5 whitespace-nowrap text-xs", TONES[tone])}>
      <span aria-hidden="true" className="size-1.5 shrink-0 rounded-full bg-current" />
      {children}
    </span>
  );
}
