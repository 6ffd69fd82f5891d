import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { BOOKMARK_COLOURS } from "../../../shared/api/recording.ts";
import { queryKeys } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { bookmarkColour } from "./patterns.ts";
import { useLocalTime } from "./use-local-time.ts";

interface MarkDialogProps {
  readonly kind: "bookmark" | "lock";
  readonly cameraId: string;
  readonly cameraName: string;
  readonly startMicros: number;
  readonly endMicros: number;
  readonly onClose: () => void;
}

const input = "rounded-md border border-line-strong bg-raised px-2 py-1.5 text-sm coarse:min-h-11";

/** Marks a moment, or keeps footage whatever retention says. */
export function MarkDialog(props: MarkDialogProps): ReactNode {
  const { kind, cameraId, cameraName, startMicros, endMicros, onClose } = props;
  const { t } = useTranslation();
  const { api } = useServices();
  const { text } = useLocalTime();
  const queries = useQueryClient();
  const [title, setTitle] = useState("");
  const [tags, setTags] = useState("");
  const [note, setNote] = useState("");
  const [colour, setColour] = useState<(typeof BOOKMARK_COLOURS)[number]>("blue");
  const [expires, setExpires] = useState("");
  const [busy, setBusy] = useState(false);
  const lock = kind === "lock";

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const range = { cameraId, startMicros, endMicros };
    try {
      if (lock) {
        const expiresAt = expires === "" ? null : new Date(`${expires}T23:59:59`).toISOString();
        await api.createEvidenceLock({ ...range, reason: title, expiresAt });
      } else {
        const list = tags.split(",").map((tag) => tag.trim());
        await api.createBookmark({ ...range, title, note, colour, tags: list.filter((tag) => tag !== "") });
      }
      await queries.invalidateQueries({ queryKey: queryKeys.timeline });
      await queries.invalidateQueries({ queryKey: queryKeys.bookmarks });
      toast.success(lock ? t("playback.locked") : t("playback.bookmarked"));
      onClose();
    } catch (error) {
      toast.error(errorText(t, error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={lock ? t("playback.lockTitle") : t("playback.bookmarkTitle")}
    >
      <form onSubmit={(event) => void save(event)} className="flex flex-col gap-3">
        <p className="nums text-fg-soft text-sm">
          {cameraName} · {text.date(startMicros)} {text.time(startMicros)}
          {endMicros > startMicros && ` – ${text.time(endMicros)}`}
        </p>
        <label className="flex flex-col gap-1 text-sm">
          <span>{lock ? t("playback.reason") : t("playback.markTitle")}</span>
          <input
            className={input}
            required
            autoFocus
            maxLength={200}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </label>
        {lock ? (
          <label className="flex flex-col gap-1 text-sm">
            <span>{t("playback.expires")}</span>
            <input className={input} type="date" value={expires} onChange={(event) => setExpires(event.target.value)} />
          </label>
        ) : (
          <>
            <label className="flex flex-col gap-1 text-sm">
              <span>{t("playback.tags")}</span>
              <input className={input} maxLength={400} value={tags} onChange={(event) => setTags(event.target.value)} />
            </label>
            <label className="flex flex-col gap-1 text-sm">
              <span>{t("playback.note")}</span>
              <textarea
                className={input}
                rows={3}
                maxLength={4000}
                value={note}
                onChange={(event) => setNote(event.target.value)}
              />
            </label>
            <fieldset className="flex gap-2">
              <legend className="mb-1 text-sm">{t("playback.colour")}</legend>
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
          </>
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
