import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Input } from "../../ui/field.tsx";
import { useWall } from "../live/wall-context.tsx";
import { inTreeOrder, matches } from "../tree/build-tree.ts";

interface CameraListProps {
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

/** Cameras to choose from, with a search. */
export function CameraList({ chosen, onChange }: CameraListProps): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  const [query, setQuery] = useState("");
  const all = inTreeOrder(cameras.data ?? []);
  const text = query.trim();
  const shown = text === "" ? all : all.filter((camera) => matches(camera, text));
  const toggle = (id: string, on: boolean): void => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    onChange(next);
  };
  return (
    <div className="flex flex-col gap-2">
      <Input
        aria-label={t("tree.search")}
        placeholder={t("tree.search")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ul className="max-h-44 overflow-y-auto rounded-md border border-line">
        {shown.map(({ id, name, group }) => (
          <li key={id}>
            <label className="flex cursor-pointer items-center gap-2 px-2.5 py-1 text-sm hover:bg-hover coarse:min-h-11">
              <input
                type="checkbox"
                checked={chosen.has(id)}
                onChange={(event) => toggle(id, event.target.checked)}
                className="size-4 shrink-0 accent-accent coarse:size-5"
              />
              <span className="truncate">{name}</span>
              <span className="ml-auto truncate text-fg-muted text-xs">{group}</span>
            </label>
          </li>
        ))}
        {shown.length === 0 && (
          <li className="px-2.5 py-2 text-fg-muted text-sm">{t("tree.noMatch", { query: text })}</li>
        )}
      </ul>
    </div>
  );
}
