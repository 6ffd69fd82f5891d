import { Cctv, Check, FolderPlus, MapPin, Search, Server } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { GrantScope } from "../../../../shared/api/access.ts";
import { cn } from "../../../ui/cn.ts";
import { Input } from "../../../ui/field.tsx";
import { useWall } from "../../live/wall-context.tsx";
import { scopeKey } from "./access-text.ts";
import { type ScopeOption, scopeOptions } from "./scope-options.ts";

interface ScopePickerProps {
  readonly chosen: GrantScope | undefined;
  readonly onChoose: (scope: GrantScope) => void;
}

/** More than anybody reads; the search narrows them. */
const MOST = 200;
const icons = { system: Server, place: MapPin, camera: Cctv } as const;

/** Whole system, a place with all below it, or one camera. Arrow keys go through the list. */
export function ScopePicker({ chosen, onChoose }: ScopePickerProps): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  const [query, setQuery] = useState("");
  const options = useMemo(() => scopeOptions(cameras.data ?? [], query), [cameras.data, query]);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>("input,button")];
    const next = all.findIndex((one) => one === document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    all[next]?.focus();
  };
  const shared = { chosen: chosen === undefined ? undefined : scopeKey(chosen), onChoose };
  return (
    <div onKeyDown={onKeyDown} className="flex flex-col gap-1 rounded-md border border-line-strong bg-ground p-1.5">
      <div className="relative">
        <Search
          className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-fg-muted"
          aria-hidden="true"
        />
        <Input
          type="search"
          autoFocus
          aria-label={t("access.scope.search")}
          placeholder={t("access.scope.search")}
          className="pl-8"
          maxLength={400}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          // The dialog around would be sent.
          onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
        />
      </div>
      <div role="listbox" aria-label={t("access.scope.list")} className="max-h-56 overflow-y-auto">
        {query.trim() === "" && (
          <Option {...shared} option={{ scope: { kind: "system" }, name: t("access.scope.system"), depth: 0 }} />
        )}
        {options.slice(0, MOST).map((option) => (
          <Option key={scopeKey(option.scope)} {...shared} option={option} />
        ))}
        {options.length > MOST && (
          <p className="px-2 py-1 text-fg-muted text-xs">{t("access.scope.more", { number: options.length - MOST })}</p>
        )}
      </div>
    </div>
  );
}

interface OptionProps {
  readonly option: ScopeOption;
  readonly chosen: string | undefined;
  readonly onChoose: (scope: GrantScope) => void;
}

function Option({ option: { scope, name, depth, fresh }, chosen, onChoose }: OptionProps): ReactNode {
  const { t } = useTranslation();
  const Icon = fresh ? FolderPlus : icons[scope.kind];
  const selected = scopeKey(scope) === chosen;
  return (
    <button
      type="button"
      role="option"
      aria-selected={selected}
      onClick={() => onChoose(scope)}
      style={{ paddingLeft: `${8 + depth * 14}px` }}
      className={cn(
        "flex h-7 w-full items-center gap-2 rounded-sm pr-2 text-left text-sm hover:bg-hover focus-visible:bg-hover coarse:h-11 [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-fg-muted",
        selected && "bg-active",
      )}
    >
      <Icon aria-hidden="true" />
      <span className="truncate">{fresh ? t("access.scope.newPlace", { path: name }) : name}</span>
      {scope.kind === "place" && !fresh && (
        <span className="sr-only">{t("access.scope.placeName", { path: name })}</span>
      )}
      {selected && <Check aria-hidden="true" className="ml-auto" />}
    </button>
  );
}
