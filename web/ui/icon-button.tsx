import type { ReactNode } from "react";
import { Button, type ButtonProps } from "./button.tsx";
import { Tooltip } from "./tooltip.tsx";

interface IconButtonProps extends ButtonProps {
  /** Spoken and shown: an icon alone says nothing to a new operator. */
  readonly label: string;
  readonly shortcut?: string | undefined;
  readonly side?: "top" | "right" | "bottom" | "left";
}

export function IconButton({ label, shortcut, side = "bottom", ...props }: IconButtonProps): ReactNode {
  return (
    <Tooltip label={label} shortcut={shortcut} side={side}>
      <Button variant="ghost" size="icon" aria-label={label} {...props} />
    </Tooltip>
  );
}
