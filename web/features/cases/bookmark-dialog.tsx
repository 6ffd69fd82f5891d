import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Bookmark } from "../../../shared/api/recording.ts";
import { isAtField } from "../../api/api-error.ts";
import { queryKeys } from "../../api/queries.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { type BookmarkDraft, BookmarkFields, bookmarkWords } from "../playback/bookmark-fields.tsx";
import { CameraName, RangeText } from "./footage-line.tsx";

/** Changes what a bookmark says; what it marks stays. */
export function BookmarkDialog(props: { readonly bookmark: Bookmark; readonly onClose: () => void }): ReactNode {
  const { bookmark, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const { title, note, colour, tags } = bookmark;
  const [draft, setDraft] = useState<BookmarkDraft>({ title, note, colour, tags: tags.join(", ") });
  const form = useSubmit(async () => {
    const { cameraId, startMicros, endMicros } = bookmark;
    await api.updateBookmark(bookmark.id, { cameraId, startMicros, endMicros, ...bookmarkWords(draft) });
    await queries.invalidateQueries({ queryKey: queryKeys.bookmarks });
    await queries.invalidateQueries({ queryKey: queryKeys.timeline });
    onClose();
  });
  return (
    <FormDialog
      form={form}
      title={t("bookmarks.editTitle")}
      action={t("common.save")}
      ready={draft.title.trim() !== ""}
      atField={isAtField(form.error, ["title", "tags", "note"])}
      onClose={onClose}
    >
      <p className="text-fg-soft text-sm">
        <CameraName cameraId={bookmark.cameraId} /> · <RangeText {...bookmark} />
      </p>
      <BookmarkFields draft={draft} error={form.error} onChange={setDraft} />
    </FormDialog>
  );
}
