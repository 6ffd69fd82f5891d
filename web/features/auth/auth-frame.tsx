import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Logo } from "../../app/logo.tsx";
import { changeLanguage, LANGUAGE_NAMES, LANGUAGES } from "../../i18n/i18n.ts";
import { cn } from "../../ui/cn.ts";

interface AuthFrameProps {
  readonly title: string;
  readonly lead?: string;
  readonly children: ReactNode;
}

export function AuthFrame({ title, lead, children }: AuthFrameProps): ReactNode {
  const { t, i18n } = useTranslation();
  return (
    <main className="flex h-full flex-col items-center justify-center gap-6 overflow-y-auto bg-canvas p-4">
      <div className="w-full max-w-90 rounded-xl border border-line bg-panel p-6 shadow-float">
        <div className="mb-6 flex items-center gap-2.5">
          <Logo className="h-5 w-6" />
          <span className="font-semibold text-lg tracking-tight">{t("app.name")}</span>
        </div>
        <h1 className="font-semibold text-lg">{title}</h1>
        {lead !== undefined && <p className="mt-1 text-fg-soft text-sm">{lead}</p>}
        <div className="mt-5">{children}</div>
      </div>
      <div className="flex gap-1">
        {LANGUAGES.map((language) => (
          <button
            key={language}
            type="button"
            lang={language}
            aria-pressed={i18n.resolvedLanguage === language}
            onClick={() => changeLanguage(i18n, language)}
            className={cn(
              "h-7 rounded-md px-2.5 text-xs coarse:h-10 coarse:px-4",
              i18n.resolvedLanguage === language ? "bg-active text-fg" : "text-fg-muted hover:text-fg",
            )}
          >
            {LANGUAGE_NAMES[language]}
          </button>
        ))}
      </div>
    </main>
  );
}

export function FormError({ children }: { readonly children: string | undefined }): ReactNode {
  if (children === undefined) return null;
  return (
    <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-fg text-sm">
      {children}
    </p>
  );
}

export function FormNotice({ children }: { readonly children: string | undefined }): ReactNode {
  if (children === undefined) return null;
  return <p className="rounded-md bg-accent-soft px-3 py-2 text-fg text-sm">{children}</p>;
}
