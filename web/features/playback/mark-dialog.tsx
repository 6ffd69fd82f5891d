import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { fieldMessage, isAtField } from "../../api/api-error.ts";
import { queryKeys } from "../../api/queries.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { TextField } from "../../ui/field.tsx";
import { BookmarkFields, bookmarkWords, emptyBookmark } from "./bookmark-fields.tsx";
import { endOfDay } from "./end-of-day.ts";
import { useLocalTime } from "./use-local-time.ts";

interface MarkDialogProps {
  readonly kind: "bookmark" | "lock";
  readonly cameraId: string;
  readonly cameraName: string;
  readonly startMicros: number;
  readonly endMicros: number;
  readonly onClose: () => void;
}

/** Marks a moment, or keeps footage whatever retention says. */
export function MarkDialog(props: MarkDialogProps): ReactNode {
  const { kind, cameraId, cameraName, startMicros, endMicros, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const { text } = useLocalTime();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(emptyBookmark);
  const [reason, setReason] = useState("");
  const [expires, setExpires] = useState("");
  const lock = kind === "lock";
  const form = useSubmit(async () => {
    const range = { cameraId, startMicros, endMicros };
    if (lock) await api.createEvidenceLock({ ...range, reason, expiresAt: endOfDay(expires) });
    else await api.createBookmark({ ...range, ...bookmarkWords(draft) });
    await queries.invalidateQueries({ queryKey: queryKeys.timeline });
    await queries.invalidateQueries({ queryKey: queryKeys.bookmarks });
    toast.success(lock ? t("playback.locked") : t("playback.bookmarked"));
    onClose();
  });

  return (
    <FormDialog
      form={form}
      title={lock ? t("playback.lockTitle") : t("playback.bookmarkTitle")}
      action={t("common.save")}
      ready={(lock ? reason : draft.title).trim() !== ""}
      atField={isAtField(form.error, ["title", "tags", "note", "reason"])}
      onClose={onClose}
    >
      <p className="nums text-fg-soft text-sm">
        {cameraName} · {text.date(startMicros)} {text.time(startMicros)}
        {endMicros > startMicros && ` – ${text.time(endMicros)}`}
      </p>
      {lock ? (
        <>
          <TextField
            label={t("playback.reason")}
            error={fieldMessage(form.error, "reason")}
            required
            autoFocus
            maxLength={200}
            value={reason}
            onChange={setReason}
          />
          <TextField label={t("playback.expires")} type="date" value={expires} onChange={setExpires} />
        </>
      ) : (
        <BookmarkFields draft={draft} error={form.error} onChange={setDraft} />
      )}
    </FormDialog>
  );
}
