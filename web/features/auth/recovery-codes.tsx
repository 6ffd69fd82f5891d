import { Copy, Download, Printer } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { Button } from "../../ui/button.tsx";

interface RecoveryCodesProps {
  readonly codes: readonly string[];
  /** Whose they are: on the paper and in the file. */
  readonly username: string;
  readonly onDone: () => void;
}

/** Shown once. Goes on only when the user says that they are kept. */
export function RecoveryCodes({ codes, username, onDone }: RecoveryCodesProps): ReactNode {
  const { t } = useTranslation();
  const [kept, setKept] = useState(false);
  const id = useId();
  const heading = `${t("app.name")} · ${t("account.codes")} · ${username} · ${location.host}`;
  const text = `${heading}\n\n${codes.join("\n")}\n`;

  const download = (): void => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `fluxvision-recovery-codes-${username}.txt`;
    link.click();
    URL.revokeObjectURL(url);
  };
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(
      () => toast.success(t("signIn.codesCopied")),
      () => undefined,
    );
  };
  return (
    <div className="flex flex-col gap-4">
      {/* The only thing on the paper: see `print-only-this` in app.css. */}
      <div className="print-only-this">
        <p className="hidden font-semibold print:mb-4 print:block">{heading}</p>
        <ol className="nums grid grid-cols-2 gap-x-4 gap-y-1.5 rounded-md bg-ground p-3 font-mono text-sm print:bg-transparent">
          {codes.map((code) => (
            <li key={code} className="select-all text-center">
              {code}
            </li>
          ))}
        </ol>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={download}>
          <Download aria-hidden="true" />
          {t("signIn.codesDownload")}
        </Button>
        <Button size="sm" onClick={copy}>
          <Copy aria-hidden="true" />
          {t("signIn.codesCopy")}
        </Button>
        <Button size="sm" onClick={() => window.print()}>
          <Printer aria-hidden="true" />
          {t("signIn.codesPrint")}
        </Button>
      </div>
      <label htmlFor={id} className="flex cursor-pointer items-center gap-2 text-sm coarse:min-h-11">
        <input
          id={id}
          type="checkbox"
          checked={kept}
          onChange={(event) => setKept(event.target.checked)}
          className="size-4 coarse:size-5"
        />
        {t("signIn.codesKept")}
      </label>
      <Button variant="primary" className="h-9" disabled={!kept} onClick={onDone}>
        {t("signIn.goOn")}
      </Button>
    </div>
  );
}
