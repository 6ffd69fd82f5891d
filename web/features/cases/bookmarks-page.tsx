import { useQueryClient } from "@tanstack/react-query";
import { Bookmark as BookmarkIcon, EllipsisVertical, FolderPlus, Pencil, Search, Trash2 } from "lucide-react";
import { type ReactNode, useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { BOOKMARK_COLOURS, type Bookmark } from "../../../shared/api/recording.ts";
import { queryKeys, useBookmarks } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Input, Select } from "../../ui/field.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useWall } from "../live/wall-context.tsx";
import { bookmarkColour } from "../playback/patterns.ts";
import { instantsOf } from "../playback/typed-time.ts";
import { useLocalTime } from "../playback/use-local-time.ts";
import { inTreeOrder } from "../tree/build-tree.ts";
import { AddToCaseDialog } from "./add-to-case-dialog.tsx";
import { BookmarkDialog } from "./bookmark-dialog.tsx";
import { CameraName, PlayLink, RangeText } from "./footage-line.tsx";
import { useUndoableRemoval } from "./use-undoable-removal.ts";

interface Filter {
  readonly text: string;
  readonly tag: string;
  readonly colour: string;
  readonly cameraId: string;
  readonly from: string;
  readonly to: string;
}
const ANY: Filter = { text: "", tag: "", colour: "", cameraId: "", from: "", to: "" };
const MOMENT_MICROS = 1_000_000;

/** Every marked moment: found by words, tag, colour, camera and time; opened in playback, changed, put into a case. */
export function BookmarksPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const may = useCan();
  const { zone } = useLocalTime();
  const queries = useQueryClient();
  const [filter, setFilter] = useState(ANY);
  const wanted = useDeferredValue(filter);
  // Of a time that comes twice, the one that leaves nothing out.
  const startMicros = instantsOf(wanted.from, zone)[0];
  const endMicros = instantsOf(wanted.to, zone).at(-1);
  const bookmarks = useBookmarks(api, {
    text: wanted.text.trim(),
    tag: wanted.tag,
    ...(wanted.cameraId === "" ? {} : { cameraIds: [wanted.cameraId] }),
    ...(startMicros === undefined ? {} : { startMicros }),
    ...(endMicros === undefined ? {} : { endMicros }),
  });
  const [edited, setEdited] = useState<Bookmark>();
  const [adding, setAdding] = useState<Bookmark>();
  const removal = useUndoableRemoval({
    text: t("bookmarks.removed"),
    remove: (id) => api.removeBookmark(id),
    onDone: async () => {
      await queries.invalidateQueries({ queryKey: queryKeys.bookmarks });
      await queries.invalidateQueries({ queryKey: queryKeys.timeline });
    },
  });
  const list = (bookmarks.data ?? []).filter(
    ({ id, colour }) => !removal.pending.has(id) && (wanted.colour === "" || colour === wanted.colour),
  );
  const filtered = JSON.stringify(wanted) !== JSON.stringify(ANY);
  const set = (change: Partial<Filter>): void => setFilter((before) => ({ ...before, ...change }));

  return (
    <Page title={t("bookmarks.page")} lead={t("bookmarks.lead")}>
      <Filters filter={filter} onChange={set} />
      {bookmarks.isPending ? (
        <SkeletonRows count={6} />
      ) : bookmarks.isError && bookmarks.data === undefined ? (
        <FailureState
          title={t("bookmarks.failed")}
          lead={errorText(t, bookmarks.error)}
          onRetry={() => void bookmarks.refetch()}
        />
      ) : list.length === 0 ? (
        filtered ? (
          <EmptyState
            icon={<Search />}
            title={t("playback.noBookmarks")}
            action={<Button onClick={() => setFilter(ANY)}>{t("bookmarks.clear")}</Button>}
          />
        ) : (
          <EmptyState icon={<BookmarkIcon />} title={t("bookmarks.empty")} lead={t("bookmarks.emptyLead")} />
        )
      ) : (
        <ul className="grid gap-2 lg:grid-cols-2 2xl:grid-cols-3">
          {list.map((bookmark) => (
            <Entry
              key={bookmark.id}
              bookmark={bookmark}
              onTag={(tag) => set({ tag })}
              {...(may("bookmark.write")
                ? { onEdit: () => setEdited(bookmark), onRemove: () => removal.start(bookmark.id) }
                : {})}
              {...(may("evidence.manage") ? { onAdd: () => setAdding(bookmark) } : {})}
            />
          ))}
        </ul>
      )}
      {edited !== undefined && <BookmarkDialog bookmark={edited} onClose={() => setEdited(undefined)} />}
      {adding !== undefined && (
        <AddToCaseDialog
          footage={{ ...adding, endMicros: Math.max(adding.endMicros, adding.startMicros + MOMENT_MICROS) }}
          cameraIds={[adding.cameraId]}
          note={adding.title}
          onClose={() => setAdding(undefined)}
        />
      )}
    </Page>
  );
}

interface FiltersProps {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
}

function Filters({ filter, onChange }: FiltersProps): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  return (
    <div role="search" className="mb-4 flex flex-wrap items-center gap-2">
      <div className="relative w-64 max-sm:w-full">
        <Search
          className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-fg-muted"
          aria-hidden="true"
        />
        <Input
          type="search"
          aria-label={t("playback.searchBookmarks")}
          placeholder={t("playback.searchBookmarks")}
          className="pl-8"
          maxLength={200}
          value={filter.text}
          onChange={(event) => onChange({ text: event.target.value })}
        />
      </div>
      <Select
        aria-label={t("cases.camera")}
        className="w-44 max-sm:flex-1"
        value={filter.cameraId}
        onChange={(event) => onChange({ cameraId: event.target.value })}
      >
        <option value="">{t("playback.allCameras")}</option>
        {inTreeOrder(cameras.data ?? []).map((camera) => (
          <option key={camera.id} value={camera.id}>
            {camera.name}
          </option>
        ))}
      </Select>
      <Select
        aria-label={t("playback.colour")}
        className="w-32 max-sm:flex-1"
        value={filter.colour}
        onChange={(event) => onChange({ colour: event.target.value })}
      >
        <option value="">{t("bookmarks.anyColour")}</option>
        {BOOKMARK_COLOURS.map((colour) => (
          <option key={colour} value={colour}>
            {t(`playback.colours.${colour}`)}
          </option>
        ))}
      </Select>
      <Input
        aria-label={t("bookmarks.tag")}
        placeholder={t("bookmarks.tag")}
        className="w-32 max-sm:flex-1"
        maxLength={40}
        value={filter.tag}
        onChange={(event) => onChange({ tag: event.target.value.trim() })}
      />
      <label className="flex items-center gap-1.5 text-fg-muted text-xs max-sm:w-full">
        <span className="max-sm:w-12 max-sm:shrink-0">{t("bookmarks.from")}</span>
        <Input
          type="datetime-local"
          className="w-48 max-sm:flex-1"
          value={filter.from}
          onChange={(event) => onChange({ from: event.target.value })}
        />
      </label>
      <label className="flex items-center gap-1.5 text-fg-muted text-xs max-sm:w-full">
        <span className="max-sm:w-12 max-sm:shrink-0">{t("bookmarks.to")}</span>
        <Input
          type="datetime-local"
          className="w-48 max-sm:flex-1"
          value={filter.to}
          onChange={(event) => onChange({ to: event.target.value })}
        />
      </label>
    </div>
  );
}

interface EntryProps {
  readonly bookmark: Bookmark;
  readonly onTag: (tag: string) => void;
  readonly onEdit?: () => void;
  readonly onRemove?: () => void;
  readonly onAdd?: () => void;
}

function Entry({ bookmark, onTag, onEdit, onRemove, onAdd }: EntryProps): ReactNode {
  const { t } = useTranslation();
  const { title, note, tags, colour, createdByName, cameraId } = bookmark;
  return (
    <li className="flex items-start gap-2 rounded-lg border border-line bg-panel p-3">
      <BookmarkIcon
        role="img"
        className="mt-0.5 size-4 shrink-0 fill-current"
        style={{ color: bookmarkColour(colour) }}
        aria-label={t(`playback.colours.${colour}`)}
      />
      <div className="min-w-0 flex-1">
        <h2 className="font-medium text-sm [overflow-wrap:anywhere]">{title}</h2>
        <p className="text-fg-soft text-xs">
          <CameraName cameraId={cameraId} /> · <RangeText {...bookmark} />
        </p>
        {note !== "" && <p className="mt-1 line-clamp-3 text-fg-muted text-xs [overflow-wrap:anywhere]">{note}</p>}
        <div className="mt-1.5 flex flex-wrap items-center gap-1">
          {tags.map((tag) => (
            <button
              key={tag}
              type="button"
              onClick={() => onTag(tag)}
              className="rounded-full border border-line-strong px-2 text-2xs text-fg-soft hover:bg-active coarse:min-h-10 coarse:px-3"
            >
              {tag}
            </button>
          ))}
          <span className={cn("text-2xs text-fg-muted", tags.length > 0 && "ml-1")}>{createdByName}</span>
        </div>
      </div>
      <PlayLink footage={bookmark} label={`${t("cases.play")}: ${title}`} />
      {(onEdit !== undefined || onAdd !== undefined) && (
        <Menu
          trigger={
            <Button variant="ghost" size="icon" aria-label={`${t("common.actions")}: ${title}`}>
              <EllipsisVertical aria-hidden="true" />
            </Button>
          }
        >
          {onAdd && (
            <MenuItem icon={<FolderPlus />} onSelect={onAdd}>
              {t("cases.addTitle")}
            </MenuItem>
          )}
          {onEdit && (
            <MenuItem icon={<Pencil />} onSelect={onEdit}>
              {t("bookmarks.edit")}
            </MenuItem>
          )}
          {onRemove && (
            <>
              <MenuSeparator />
              <MenuItem icon={<Trash2 />} danger onSelect={onRemove}>
                {t("common.remove")}
              </MenuItem>
            </>
          )}
        </Menu>
      )}
    </li>
  );
}
