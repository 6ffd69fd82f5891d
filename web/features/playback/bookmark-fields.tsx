import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { BOOKMARK_COLOURS } from "../../../shared/api/recording.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { cn } from "../../ui/cn.ts";
import { Field, inputClass, TextField } from "../../ui/field.tsx";
import { bookmarkColour } from "./patterns.ts";

export interface BookmarkDraft {
  readonly title: string;
  /** Parted by commas. */
  readonly tags: string;
  readonly note: string;
  readonly colour: (typeof BOOKMARK_COLOURS)[number];
}

export const emptyBookmark: BookmarkDraft = { title: "", tags: "", note: "", colour: "blue" };

/** What the server takes. */
export function bookmarkWords({ tags, ...rest }: BookmarkDraft) {
  const list = tags.split(",").map((tag) => tag.trim());
  return { ...rest, tags: list.filter((tag) => tag !== "") };
}

interface BookmarkFieldsProps {
  readonly draft: BookmarkDraft;
  /** Of the form. */
  readonly error: unknown;
  readonly onChange: (draft: BookmarkDraft) => void;
}

/** What a bookmark says. */
export function BookmarkFields({ draft, error, onChange }: BookmarkFieldsProps): ReactNode {
  const { t } = useTranslation();
  const set = (change: Partial<BookmarkDraft>): void => onChange({ ...draft, ...change });
  return (
    <>
      <TextField
        label={t("playback.markTitle")}
        error={fieldMessage(error, "title")}
        required
        autoFocus
        maxLength={200}
        value={draft.title}
        onChange={(title) => set({ title })}
      />
      <TextField
        label={t("playback.tags")}
        error={fieldMessage(error, "tags")}
        maxLength={800}
        value={draft.tags}
        onChange={(tags) => set({ tags })}
      />
      <Field label={t("playback.note")} error={fieldMessage(error, "note")}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            maxLength={4000}
            className={cn(inputClass, "h-auto py-1.5 coarse:h-auto")}
            value={draft.note}
            onChange={(event) => set({ note: event.target.value })}
          />
        )}
      </Field>
      <fieldset>
        <legend className="mb-2 font-medium text-fg-soft text-xs">{t("playback.colour")}</legend>
        <div className="flex gap-2">
          {BOOKMARK_COLOURS.map((name) => (
            <button
              key={name}
              type="button"
              aria-label={t(`playback.colours.${name}`)}
              aria-pressed={draft.colour === name}
              onClick={() => set({ colour: name })}
              style={{ background: bookmarkColour(name) }}
              className={cn(
                "size-7 rounded-full coarse:size-11",
                draft.colour === name && "ring-2 ring-fg ring-offset-2 ring-offset-panel",
              )}
            />
          ))}
        </div>
      </fieldset>
    </>
  );
}
