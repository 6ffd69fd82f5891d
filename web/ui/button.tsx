import { cva, type VariantProps } from "class-variance-authority";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./cn.ts";

const button = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-2 whitespace-nowrap rounded-md font-medium transition-colors disabled:cursor-default disabled:opacity-45 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary: "bg-accent-strong text-accent-fg hover:bg-accent-strong/85",
        secondary: "border border-line-strong bg-raised text-fg hover:bg-hover",
        ghost: "text-fg-soft hover:bg-hover hover:text-fg aria-pressed:bg-active aria-pressed:text-fg",
        danger: "bg-danger-strong text-accent-fg hover:bg-danger-strong/85",
      },
      size: {
        md: "h-8 px-3 text-sm coarse:h-11 coarse:px-4",
        sm: "h-7 px-2 text-xs coarse:h-10 coarse:px-3",
        icon: "size-7 coarse:size-10",
      },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

export interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof button> {
  readonly busy?: boolean;
}

export function Button({
  variant,
  size,
  busy = false,
  className,
  children,
  disabled,
  ...props
}: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      {...props}
      {...(busy ? { "aria-busy": true } : {})}
      disabled={disabled || busy}
      className={cn(button({ variant, size }), className)}
    >
      {busy && <LoaderCircle className="animate-spin" aria-hidden="true" />}
      {children}
    </button>
  );
}
