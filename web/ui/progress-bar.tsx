import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn.ts";

/** The platform's own element in the console's colours: browsers draw it in their own otherwise. */
export function ProgressBar({ className, ...props }: ComponentProps<"progress">): ReactNode {
  return (
    <progress
      {...props}
      className={cn(
        "h-1.5 appearance-none overflow-hidden rounded-full bg-active",
        "[&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-active [&::-webkit-progress-value]:bg-accent",
        className,
      )}
    />
  );
}
