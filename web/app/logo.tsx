import type { ReactNode } from "react";
import { cn } from "../ui/cn.ts";

export function Logo({ className }: { readonly className?: string }): ReactNode {
  return (
    <svg viewBox="0 0 36 28" aria-hidden="true" className={cn("h-4 w-5", className)}>
      <path className="fill-fg-muted/60" d="M0 0h15v12H0zM0 16h15v12H0zM19 16h17v12H19z" />
      <path className="fill-accent" d="M19 0h17v12H19z" />
      <circle className="fill-white" cx="32" cy="4" r="2" />
    </svg>
  );
}
