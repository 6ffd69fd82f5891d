import { useQueryClient } from "@tanstack/react-query";
import { Bookmark as BookmarkIcon, Trash2 } from "lucide-react";
import { type ReactNode, useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Bookmark } from "../../../shared/api/recording.ts";
import { ApiError } from "../../api/api-error.ts";
import { queryKeys, useBookmarks } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Input } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { useWall } from "../live/wall-context.tsx";
import { bookmarkColour } from "./patterns.ts";
import { usePlaybackContext } from "./playback-context.tsx";
import { useLocalTime } from "./use-local-time.ts";

/** Bookmarks by text, tag and camera; a click goes there. */
export function BookmarkList({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const { selected, controller } = usePlaybackContext();
  const [text, setText] = useState("");
  const [tag, setTag] = useState("");
  const [mine, setMine] = useState(false);
  const wanted = useDeferredValue(text.trim());
  const cameraIds = mine && selected !== undefined ? [selected.cameraId] : undefined;
  const bookmarks = useBookmarks(api, { text: wanted, tag, ...(cameraIds === undefined ? {} : { cameraIds }) });
  // A server without bookmarks has none.
  const missing = bookmarks.error instanceof ApiError && bookmarks.error.status === 404;
  const list = bookmarks.data ?? [];
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={t("playback.bookmarks")} className="max-w-xl">
      <div className="flex flex-col gap-3">
        <Input
          type="search"
          autoFocus
          value={text}
          maxLength={200}
          placeholder={t("playback.searchBookmarks")}
          aria-label={t("playback.searchBookmarks")}
          onChange={(event) => setText(event.target.value)}
        />
        <div className="flex min-h-7 items-center gap-2 text-xs">
          {selected !== undefined && (
            <SwitchRow label={t("playback.onlyCamera", { name: selected.name })} checked={mine} onChange={setMine} />
          )}
          {tag !== "" && <Tag name={tag} pressed onPress={() => setTag("")} />}
        </div>
        {bookmarks.isError && !missing && <p className="text-danger text-sm">{errorText(t, bookmarks.error)}</p>}
        {(bookmarks.isSuccess || missing) && list.length === 0 && (
          <p className="py-6 text-center text-fg-muted text-sm">{t("playback.noBookmarks")}</p>
        )}
        <ul className="flex flex-col gap-1">
          {list.map((bookmark) => (
            <Entry
              key={bookmark.id}
              bookmark={bookmark}
              onTag={setTag}
              onGo={() => {
                controller.seek(bookmark.startMicros);
                onClose();
              }}
            />
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

interface EntryProps {
  readonly bookmark: Bookmark;
  readonly onGo: () => void;
  readonly onTag: (tag: string) => void;
}

function Entry({ bookmark, onGo, onTag }: EntryProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const can = useCan();
  const { camerasById } = useWall();
  const { text } = useLocalTime();
  const queries = useQueryClient();
  const remove = async (): Promise<void> => {
    try {
      await api.removeBookmark(bookmark.id);
      await queries.invalidateQueries({ queryKey: queryKeys.bookmarks });
      await queries.invalidateQueries({ queryKey: queryKeys.timeline });
      toast.success(t("playback.bookmarkRemoved"));
    } catch (error) {
      toast.error(errorText(t, error));
    }
  };
  const length = bookmark.endMicros - bookmark.startMicros;
  return (
    <li className="flex items-start gap-2 rounded-md bg-raised p-2 hover:bg-hover">
      <BookmarkIcon
        className="mt-1 size-4 shrink-0"
        style={{ color: bookmarkColour(bookmark.colour) }}
        aria-label={t(`playback.colours.${bookmark.colour}`)}
      />
      <div className="min-w-0 flex-1">
        <button type="button" onClick={onGo} className="block w-full text-left coarse:min-h-11">
          <span className="block truncate font-medium text-fg text-sm">{bookmark.title}</span>
          <span className="nums block truncate text-fg-soft text-xs">
            {text.date(bookmark.startMicros)} {text.time(bookmark.startMicros)}
            {length > 1_000_000 && ` · ${text.duration(length)}`} ·{" "}
            {camerasById.get(bookmark.cameraId)?.name ?? t("tile.removedCamera")} · {bookmark.createdByName}
          </span>
        </button>
        {bookmark.note !== "" && <p className="line-clamp-2 text-fg-muted text-xs">{bookmark.note}</p>}
        {bookmark.tags.length > 0 && (
          <div className="mt-1 flex flex-wrap gap-1">
            {bookmark.tags.map((name) => (
              <Tag key={name} name={name} onPress={() => onTag(name)} />
            ))}
          </div>
        )}
      </div>
      {can("bookmark.write") && (
        <IconButton label={t("common.remove")} onClick={() => void remove()} className="coarse:size-11">
          <Trash2 aria-hidden="true" />
        </IconButton>
      )}
    </li>
  );
}

interface TagProps {
  readonly name: string;
  readonly pressed?: boolean;
  readonly onPress: () => void;
}

function Tag({ name, pressed = false, onPress }: TagProps): ReactNode {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onPress}
      className="rounded-full border border-line-strong px-2 text-2xs text-fg-soft hover:bg-active aria-pressed:bg-accent-soft coarse:min-h-11 coarse:px-3"
    >
      {name}
      {pressed && " ×"}
    </button>
  );
}
