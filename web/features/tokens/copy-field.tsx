import { Check, Copy } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { inputClass } from "../../ui/field.tsx";

/** A text to take along: read-only, chosen whole on focus, with a button that copies it. */
export function CopyField({ label, text }: { readonly label: string; readonly text: string }): ReactNode {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    // Where the browser forbids it the text can still be chosen.
    void navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div className="flex gap-2">
      <input
        aria-label={label}
        readOnly
        value={text}
        spellCheck={false}
        onFocus={(event) => event.currentTarget.select()}
        className={cn(inputClass, "font-mono text-xs")}
      />
      <Button onClick={copy} aria-live="polite">
        {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
        {copied ? t("tokens.copied") : t("tokens.copy")}
      </Button>
    </div>
  );
}
