import { ChevronDown } from "lucide-react";
import { Popover } from "radix-ui";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { GRID_KEYS } from "./keyboard-map.ts";
import { LAYOUT_KINDS, type LayoutKind } from "./layout-geometry.ts";
import { LayoutIcon } from "./layout-icon.tsx";

interface LayoutPickerProps {
  readonly kind: LayoutKind;
  readonly onChoose: (kind: LayoutKind) => void;
}

const keyOf = (kind: LayoutKind): string | undefined => Object.keys(GRID_KEYS).find((key) => GRID_KEYS[key] === kind);
const label = (kind: LayoutKind): string => kind.replace("x", " × ").replace("+", " + ");

export function LayoutPicker({ kind, onChoose }: LayoutPickerProps): ReactNode {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Button variant="ghost" size="sm" aria-label={t("layouts.pickerOf", { kind: label(kind) })}>
          <LayoutIcon kind={kind} className="h-4 w-5.5" />
          <span className="nums max-lg:hidden">{label(kind)}</span>
          <ChevronDown className="text-fg-muted" aria-hidden="true" />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label={t("layouts.picker")}
          className="z-50 grid animate-appear grid-cols-5 gap-1 rounded-lg bg-overlay p-2 shadow-float outline-none max-sm:grid-cols-4"
        >
          {LAYOUT_KINDS.map((option) => (
            <button
              key={option}
              type="button"
              aria-pressed={option === kind}
              onClick={() => {
                onChoose(option);
                setOpen(false);
              }}
              className={cn(
                "relative flex h-14 w-15 flex-col items-center justify-center gap-1.5 rounded-md text-2xs",
                option === kind ? "bg-accent-strong text-white" : "text-fg-soft hover:bg-active hover:text-fg",
              )}
            >
              <LayoutIcon kind={option} />
              <span className="nums leading-3">{label(option)}</span>
              {keyOf(option) !== undefined && (
                <kbd
                  aria-hidden="true"
                  className="absolute top-0.5 right-1 font-sans text-[9px] leading-3 opacity-60 coarse:hidden"
                >
                  {keyOf(option)}
                </kbd>
              )}
            </button>
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
