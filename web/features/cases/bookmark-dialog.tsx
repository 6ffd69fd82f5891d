import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { BOOKMARK_COLOURS, type Bookmark } from "../../../shared/api/recording.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { queryKeys } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, inputClass } from "../../ui/field.tsx";
import { bookmarkColour } from "../playback/patterns.ts";
import { CameraName, RangeText } from "./footage-line.tsx";

/** Changes what a bookmark says; what it marks stays. */
export function BookmarkDialog(props: { readonly bookmark: Bookmark; readonly onClose: () => void }): ReactNode {
  const { bookmark, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [title, setTitle] = useState(bookmark.title);
  const [tags, setTags] = useState(bookmark.tags.join(", "));
  const [note, setNote] = useState(bookmark.note);
  const [colour, setColour] = useState(bookmark.colour);
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const { cameraId, startMicros, endMicros } = bookmark;
      const list = tags
        .split(",")
        .map((tag) => tag.trim())
        .filter((tag) => tag !== "");
      await api.updateBookmark(bookmark.id, { cameraId, startMicros, endMicros, title, note, colour, tags: list });
      await queries.invalidateQueries({ queryKey: queryKeys.bookmarks });
      await queries.invalidateQueries({ queryKey: queryKeys.timeline });
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog open modalToClicks onOpenChange={(open) => !open && onClose()} title={t("bookmarks.editTitle")}>
      <form onSubmit={(event) => void save(event)} className="flex flex-col gap-3">
        <p className="text-fg-soft text-sm">
          <CameraName cameraId={bookmark.cameraId} /> · <RangeText {...bookmark} />
        </p>
        <Field label={t("playback.markTitle")} error={fieldMessage(failure, "title")}>
          {(control) => (
            <Input
              {...control}
              required
              autoFocus
              maxLength={200}
              value={title}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("playback.tags")}>
          {(control) => (
            <Input {...control} maxLength={800} value={tags} onChange={(event) => setTags(event.target.value)} />
          )}
        </Field>
        <Field label={t("playback.note")} error={fieldMessage(failure, "note")}>
          {(control) => (
            <textarea
              {...control}
              rows={3}
              maxLength={4000}
              className={cn(inputClass, "h-auto py-1.5 coarse:h-auto")}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          )}
        </Field>
        <fieldset className="flex gap-2">
          <legend className="mb-1 font-medium text-fg-soft text-xs">{t("playback.colour")}</legend>
          {BOOKMARK_COLOURS.map((name) => (
            <button
              key={name}
              type="button"
              aria-label={t(`playback.colours.${name}`)}
              aria-pressed={colour === name}
              onClick={() => setColour(name)}
              style={{ background: bookmarkColour(name) }}
              className={cn(
                "size-7 rounded-full coarse:size-11",
                colour === name && "ring-2 ring-fg ring-offset-2 ring-offset-panel",
              )}
            />
          ))}
        </fieldset>
        {failure !== undefined && (
          <p role="alert" className="text-danger text-sm">
            {errorText(t, failure)}
          </p>
        )}
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={title.trim() === ""}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
