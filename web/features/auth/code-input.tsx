import type { ReactNode } from "react";
import { cn } from "../../ui/cn.ts";
import { Input } from "../../ui/field.tsx";

export const TOTP_DIGITS = 6;

interface CodeInputProps {
  readonly id: string;
  readonly "aria-invalid": boolean | undefined;
  readonly "aria-describedby": string | undefined;
  readonly kind: "totp" | "recovery";
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** All digits are there: typed, pasted with whatever spaces, or filled in by the device. */
  readonly onComplete?: (value: string) => void;
}

/** A code of the authenticator app, or a recovery code. */
export function CodeInput({ kind, value, onChange, onComplete, ...control }: CodeInputProps): ReactNode {
  const change = (text: string): void => {
    const tidy = tidyCode(kind, text);
    onChange(tidy);
    if (kind === "totp" && tidy.length === TOTP_DIGITS && tidy !== value) onComplete?.(tidy);
  };
  return (
    <Input
      {...control}
      name="code"
      autoFocus
      autoComplete={kind === "totp" ? "one-time-code" : "off"}
      inputMode={kind === "totp" ? "numeric" : "text"}
      autoCapitalize="characters"
      spellCheck={false}
      // Room for a pasted "123 456" or one with dashes.
      maxLength={40}
      value={value}
      onChange={(event) => change(event.target.value)}
      className={cn(
        "nums h-10 text-center font-mono text-lg uppercase",
        kind === "totp" ? "tracking-[0.4em] indent-[0.4em]" : "tracking-wider",
      )}
    />
  );
}

/** What people paste: a code with spaces or dashes, or in full-width digits. */
export function tidyCode(kind: "totp" | "recovery", text: string): string {
  const plain = text.normalize("NFKC");
  if (kind === "totp") return plain.replace(/\D/g, "").slice(0, TOTP_DIGITS);
  return plain.replace(/[^A-Za-z0-9 -]/g, "").slice(0, 32);
}
