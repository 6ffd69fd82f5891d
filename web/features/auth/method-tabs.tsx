import { Fingerprint, KeyRound, type LucideIcon, Smartphone, TicketCheck } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cn } from "../../ui/cn.ts";

export type ProofMethod = "password" | "totp" | "passkey" | "recovery";

const icons: Readonly<Record<ProofMethod, LucideIcon>> = {
  password: KeyRound,
  totp: Smartphone,
  passkey: Fingerprint,
  recovery: TicketCheck,
};

interface MethodTabsProps<M extends ProofMethod> {
  readonly methods: readonly M[];
  readonly method: M;
  readonly onChange: (method: M) => void;
}

/** Which of the ways to prove who one is. Nothing where there is no choice. */
export function MethodTabs<M extends ProofMethod>({ methods, method, onChange }: MethodTabsProps<M>): ReactNode {
  const { t } = useTranslation();
  if (methods.length < 2) return null;
  const names: Readonly<Record<ProofMethod, string>> = {
    password: t("auth.password"),
    totp: t("signIn.totp"),
    passkey: t("signIn.passkey"),
    recovery: t("signIn.recovery"),
  };
  return (
    <div role="group" aria-label={t("signIn.methods")} className="flex flex-wrap gap-1">
      {methods.map((one) => {
        const Icon: LucideIcon = icons[one];
        return (
          <button
            key={one}
            type="button"
            aria-pressed={one === method}
            onClick={() => onChange(one)}
            className={cn(
              "flex h-8 items-center gap-1.5 rounded-md px-2.5 text-xs coarse:h-11 [&_svg]:size-3.5",
              one === method ? "bg-active text-fg" : "text-fg-soft hover:bg-hover hover:text-fg",
            )}
          >
            <Icon aria-hidden="true" />
            {names[one]}
          </button>
        );
      })}
    </div>
  );
}
