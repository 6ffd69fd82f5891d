import { Switch as Radix } from "radix-ui";
import { type ReactNode, useId } from "react";

interface SwitchRowProps {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function SwitchRow({ label, hint, checked, disabled = false, onChange }: SwitchRowProps): ReactNode {
  const id = useId();
  return (
    <div className="flex items-center justify-between gap-4 coarse:min-h-11">
      <label htmlFor={id} className="min-w-0 cursor-pointer">
        <span className="block text-sm">{label}</span>
        {hint !== undefined && <span className="block text-fg-muted text-xs">{hint}</span>}
      </label>
      <Radix.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        className="relative h-5 w-9 shrink-0 rounded-full bg-line-strong transition-colors disabled:opacity-50 data-[state=checked]:bg-accent-strong"
      >
        <Radix.Thumb className="block size-4 translate-x-0.5 rounded-full bg-white transition-transform data-[state=checked]:translate-x-[18px]" />
      </Radix.Root>
    </div>
  );
}
