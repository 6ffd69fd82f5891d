import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "../../ui/cn.ts";
import { Input } from "../../ui/field.tsx";
import { MIN_PASSWORD, passwordStrength, type Strength } from "./password-strength.ts";

type PasswordInputProps = Omit<ComponentProps<"input">, "type" | "value" | "onChange"> & {
  readonly value: string;
  readonly onChange: (value: string) => void;
};

export function PasswordInput({ value, onChange, className, ...props }: PasswordInputProps): ReactNode {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  return (
    <div className="relative">
      <Input
        {...props}
        type={shown ? "text" : "password"}
        value={value}
        maxLength={256}
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => onChange(event.target.value)}
        className={cn("pr-9 coarse:pr-12", className)}
      />
      <button
        type="button"
        aria-label={shown ? t("auth.hidePassword") : t("auth.showPassword")}
        aria-pressed={shown}
        onClick={() => setShown(!shown)}
        className="absolute inset-y-0 right-0 grid w-8 place-items-center rounded-md text-fg-muted hover:text-fg coarse:w-11"
      >
        {shown ? <EyeOff className="size-4" aria-hidden="true" /> : <Eye className="size-4" aria-hidden="true" />}
      </button>
    </div>
  );
}

const bars: Readonly<Record<Strength, { count: number; colour: string }>> = {
  empty: { count: 0, colour: "" },
  short: { count: 1, colour: "bg-danger" },
  weak: { count: 1, colour: "bg-danger" },
  fair: { count: 2, colour: "bg-warn" },
  good: { count: 3, colour: "bg-ok" },
  strong: { count: 4, colour: "bg-ok" },
};

interface PasswordStrengthProps {
  readonly password: string;
  /** Shortest length that the rules allow. */
  readonly least?: number;
}

export function PasswordStrength({ password, least = MIN_PASSWORD }: PasswordStrengthProps): ReactNode {
  const { t } = useTranslation();
  const strength = passwordStrength(password, least);
  const { count, colour } = bars[strength];
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden="true" className="flex gap-1">
        {[1, 2, 3, 4].map((bar) => (
          <span key={bar} className={cn("h-1 w-6 rounded-full", bar <= count ? colour : "bg-line-strong")} />
        ))}
      </span>
      <span aria-live="polite">
        {strength === "empty" ? t("auth.passwordRule", { least }) : t(`auth.strength.${strength}`)}
      </span>
    </span>
  );
}
