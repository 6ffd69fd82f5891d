import { Cctv, ChevronDown, ChevronRight, Folder, Search, Server } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RecordingState, ScopedPolicy } from "../../../shared/api/recording.ts";
import type { Camera } from "../../../shared/api/schemas.ts";
import { effectivePolicy } from "../../../shared/recording/policy.ts";
import { cn } from "../../ui/cn.ts";
import { Input } from "../../ui/field.tsx";
import { buildTree, type TreeRow } from "../tree/build-tree.ts";
import { groupOf, targetKey } from "./policy-draft.ts";

interface ScopeTreeProps {
  readonly cameras: readonly Camera[];
  readonly policies: readonly ScopedPolicy[];
  readonly states: readonly RecordingState[];
  /** Keys of `targetKey`. */
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (keys: ReadonlySet<string>) => void;
}

/** More rows than anybody reads; the search narrows them. */
const MOST_ROWS = 1000;
const SYSTEM = "system:system";

function keyOf(row: TreeRow): string {
  return row.type === "group" ? `group:${row.path.slice(1)}` : `camera:${row.camera.id}`;
}

/** System, groups and cameras. A click chooses one; the boxes, or Ctrl and Shift, choose several to edit at once. */
export function ScopeTree({ cameras, policies, states, chosen, onChoose }: ScopeTreeProps): ReactNode {
  const { t } = useTranslation();
  const [query, setQuery] = useState("");
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => buildTree(cameras, query, collapsed).slice(0, MOST_ROWS), [cameras, query, collapsed]);
  const order = useMemo(() => [SYSTEM, ...rows.map(keyOf)], [rows]);
  const own = useMemo(() => new Set(policies.map(targetKey)), [policies]);
  const stateOf = useMemo(() => new Map(states.map((state) => [state.cameraId, state])), [states]);
  const [anchor, setAnchor] = useState(SYSTEM);
  const several = chosen.size > 1;

  const toggle = (key: string): void => {
    const next = new Set(chosen);
    if (next.has(key)) next.delete(key);
    else next.add(key);
    setAnchor(key);
    onChoose(next.size === 0 ? new Set([key]) : next);
  };
  const press = (key: string, event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }): void => {
    if (event.ctrlKey || event.metaKey) {
      toggle(key);
    } else if (event.shiftKey) {
      const [from, to] = [order.indexOf(anchor), order.indexOf(key)];
      // A stretch of several kinds makes no sense together with the whole system.
      const stretch = order.slice(Math.min(from, to), Math.max(from, to) + 1).filter((one) => one !== SYSTEM);
      onChoose(new Set(stretch.length > 0 ? stretch : [key]));
    } else {
      setAnchor(key);
      onChoose(new Set([key]));
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>("button[data-scope]")];
    const at = buttons.findIndex((button) => button.matches(":focus"));
    const to = event.key === "ArrowDown" ? at + 1 : event.key === "ArrowUp" ? at - 1 : undefined;
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  };

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="relative p-2">
        <Search
          className="pointer-events-none absolute top-1/2 left-4.5 size-3.5 -translate-y-1/2 text-fg-muted"
          aria-hidden="true"
        />
        <Input
          type="search"
          aria-label={t("tree.search")}
          placeholder={t("tree.search")}
          className="pl-8"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      <div
        role="group"
        aria-label={t("recording.scopes")}
        onKeyDown={onKeyDown}
        className="min-h-0 flex-1 overflow-y-auto px-2 pb-2"
      >
        <Row
          name={t("recording.system")}
          icon={<Server aria-hidden="true" />}
          depth={0}
          own={own.has(SYSTEM)}
          chosen={chosen.has(SYSTEM)}
          several={several}
          onPress={(event) => press(SYSTEM, event)}
          onToggle={() => toggle(SYSTEM)}
        />
        {rows.map((row) => {
          const key = keyOf(row);
          const shared = {
            depth: row.depth + 1,
            own: own.has(key),
            chosen: chosen.has(key),
            several,
            onPress: (event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => press(key, event),
            onToggle: () => toggle(key),
          };
          if (row.type === "group") {
            const fold = (): void => {
              const next = new Set(collapsed);
              if (!next.delete(row.path)) next.add(row.path);
              setCollapsed(next);
            };
            return (
              <Row
                key={key}
                {...shared}
                name={row.name}
                icon={<Folder aria-hidden="true" />}
                open={row.open}
                onFold={fold}
              />
            );
          }
          const { camera } = row;
          const mode = effectivePolicy({ id: camera.id, group: groupOf(camera) }, policies).mode.value;
          return (
            <Row
              key={key}
              {...shared}
              name={camera.name}
              icon={<Cctv aria-hidden="true" />}
              mode={t(`recording.modesShort.${mode}`)}
              recording={stateOf.get(camera.id)?.recording ?? false}
            />
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly name: string;
  readonly icon: ReactNode;
  readonly depth: number;
  readonly own: boolean;
  readonly chosen: boolean;
  readonly several: boolean;
  readonly open?: boolean;
  readonly onFold?: () => void;
  readonly mode?: string;
  readonly recording?: boolean;
  readonly onPress: (event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => void;
  readonly onToggle: () => void;
}

function Row(props: RowProps): ReactNode {
  const { name, icon, depth, own, chosen, several, open, onFold, mode, recording, onPress, onToggle } = props;
  const { t } = useTranslation();
  return (
    <div
      className={cn(
        "group flex h-7 items-center rounded-md pr-1 hover:bg-hover coarse:h-11",
        chosen && "bg-active hover:bg-active",
      )}
      style={{ paddingLeft: `${depth * 14}px` }}
    >
      <button
        type="button"
        tabIndex={onFold === undefined ? -1 : 0}
        aria-label={open ? t("recording.fold", { name }) : t("recording.unfold", { name })}
        aria-expanded={open}
        onClick={onFold}
        className={cn(
          "grid size-5 shrink-0 place-items-center text-fg-muted coarse:size-11",
          onFold === undefined && "invisible",
        )}
      >
        {open ? <ChevronDown className="size-3.5" /> : <ChevronRight className="size-3.5" />}
      </button>
      <button
        type="button"
        data-scope
        aria-pressed={chosen}
        onClick={onPress}
        className="flex h-full min-w-0 flex-1 items-center gap-2 rounded-sm text-left text-sm [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-fg-muted"
      >
        {icon}
        <span className="min-w-0 truncate">{name}</span>
        {own && <span className="size-1.5 shrink-0 rounded-full bg-accent" title={t("recording.hasOwn")} />}
        <span className="ml-auto flex shrink-0 items-center gap-1.5 text-2xs text-fg-muted">
          {recording === true && (
            <span className="size-2 rounded-full bg-record" title={t("recording.recordingNow")}>
              <span className="sr-only">{t("recording.recordingNow")}</span>
            </span>
          )}
          {mode}
        </span>
      </button>
      <input
        type="checkbox"
        checked={chosen}
        onChange={onToggle}
        aria-label={t("recording.alsoEdit", { name })}
        className={cn(
          "ml-1.5 size-4 shrink-0 accent-accent coarse:size-5",
          !several && "opacity-0 focus-visible:opacity-100 group-hover:opacity-100 coarse:opacity-100",
        )}
      />
    </div>
  );
}
