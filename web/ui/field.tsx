import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./cn.ts";

export const inputClass =
  "h-8 w-full min-w-0 rounded-md border border-line-strong bg-ground px-2.5 text-fg text-sm placeholder:text-fg-muted hover:border-fg-muted/60 focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0 disabled:opacity-50 aria-invalid:border-danger coarse:h-11 coarse:text-base";

export function Input({ className, ...props }: ComponentProps<"input">): ReactNode {
  return <input {...props} className={cn(inputClass, className)} />;
}

/** The platform's own list: it is what touch screens and screen readers handle best. */
export function Select({ className, ...props }: ComponentProps<"select">): ReactNode {
  return <select {...props} className={cn(inputClass, "pr-1", className)} />;
}

interface FieldProps {
  readonly label: ReactNode;
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly optional?: string | undefined;
  readonly className?: string;
  readonly children: (control: {
    id: string;
    "aria-invalid": boolean | undefined;
    "aria-describedby": string | undefined;
  }) => ReactNode;
}

interface TextFieldProps
  extends Pick<FieldProps, "label" | "error" | "hint" | "optional">,
    Omit<ComponentProps<"input">, "className" | "value" | "onChange"> {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A line of text with its label. */
export function TextField({ label, error, hint, optional, value, onChange, ...input }: TextFieldProps): ReactNode {
  return (
    <Field label={label} error={error} hint={hint} optional={optional}>
      {(control) => <Input {...control} {...input} value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  );
}

/** Label, control, and under it what is wrong, else the hint. */
export function Field({ label, error, hint, optional, className, children }: FieldProps): ReactNode {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={cn("flex min-w-0 flex-col gap-1", className)}>
      <label htmlFor={id} className="flex items-baseline justify-between gap-2 font-medium text-fg-soft text-xs">
        {label}
        {optional !== undefined && <span className="font-normal text-fg-muted">{optional}</span>}
      </label>
      {children({
        id,
        "aria-invalid": error !== undefined || undefined,
        "aria-describedby": note === undefined ? undefined : `${id}-note`,
      })}
      {note !== undefined && (
        <p
          id={`${id}-note`}
          role={error === undefined ? undefined : "alert"}
          className={cn("text-xs", error === undefined ? "text-fg-muted" : "text-danger")}
        >
          {note}
        </p>
      )}
    </div>
  );
}
