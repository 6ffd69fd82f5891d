import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { EvidenceCase } from "../../../shared/api/recording.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { inputClass } from "../../ui/field.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { tookCase } from "./use-cases.ts";

/** What people wrote, with who and when. Notes are only ever added. */
export function CaseNotes({ one }: { readonly one: EvidenceCase }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const { text } = useLocalTime();
  const queries = useQueryClient();
  const [draft, setDraft] = useState("");
  const [busy, setBusy] = useState(false);
  const add = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await tookCase(queries, await api.addCaseNote(one.id, draft));
      setDraft("");
    } catch (error) {
      toast.error(errorText(t, error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section aria-labelledby="case-notes" className="rounded-lg border border-line bg-panel p-4">
      <h2 id="case-notes" className="mb-2 font-semibold text-base">
        {t("cases.notes")}
      </h2>
      {one.notes.length === 0 && <p className="mb-3 text-fg-muted text-xs">{t("cases.noNotes")}</p>}
      <ol className="mb-3 flex flex-col gap-3">
        {one.notes.map((note) => {
          const at = Date.parse(note.at) * 1000;
          return (
            <li key={`${note.at} ${note.byName} ${note.text}`} className="border-line-strong border-l-2 pl-3">
              <p className="nums text-fg-muted text-xs">
                <span className="font-medium text-fg-soft">{note.byName}</span> · {text.date(at)} {text.time(at)}
              </p>
              <p className="whitespace-pre-wrap text-sm [overflow-wrap:anywhere]">{note.text}</p>
            </li>
          );
        })}
      </ol>
      <form onSubmit={(event) => void add(event)} className="flex flex-col gap-2">
        <textarea
          aria-label={t("cases.newNote")}
          placeholder={t("cases.newNote")}
          rows={3}
          maxLength={4000}
          value={draft}
          className={cn(inputClass, "h-auto py-1.5 coarse:h-auto")}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
        <div className="flex items-center justify-between gap-2">
          <p className="text-2xs text-fg-muted">{t("cases.notesStay")}</p>
          <Button type="submit" size="sm" busy={busy} disabled={draft.trim() === ""}>
            {t("cases.addNote")}
          </Button>
        </div>
      </form>
    </section>
  );
}
