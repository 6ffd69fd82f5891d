import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { Input } from "../../ui/field.tsx";
import { useWall } from "../live/wall-context.tsx";
import { inTreeOrder, matches } from "../tree/build-tree.ts";

interface CameraChoiceProps {
  readonly chosen: readonly string[];
  readonly onChange: (cameraIds: readonly string[]) => void;
}

/** Which cameras a viewer may see. The buttons act on what the search leaves. */
export function CameraChoice({ chosen, onChange }: CameraChoiceProps): ReactNode {
  const { t } = useTranslation();
  const { cameras } = useWall();
  const [query, setQuery] = useState("");
  const all = inTreeOrder(cameras.data ?? []);
  const shown = query.trim() === "" ? all : all.filter((camera) => matches(camera, query.trim()));
  const ids = new Set(chosen);
  const set = (id: string, on: boolean): void =>
    onChange(on ? [...chosen, id] : chosen.filter((entry) => entry !== id));
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 flex w-full items-baseline justify-between font-medium text-fg-soft text-xs">
        {t("users.assigned")}
        <span className="nums font-normal text-fg-muted">
          {t("users.assignedCount", { number: ids.size, total: all.length })}
        </span>
      </legend>
      <div className="flex gap-2">
        <Input
          aria-label={t("tree.search")}
          placeholder={t("tree.search")}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <Button onClick={() => onChange([...new Set([...chosen, ...shown.map((camera) => camera.id)])])}>
          {t("users.selectAll")}
        </Button>
        <Button
          onClick={() => {
            const off = new Set(shown.map((camera) => camera.id));
            onChange(chosen.filter((id) => !off.has(id)));
          }}
        >
          {t("users.selectNone")}
        </Button>
      </div>
      <ul className="max-h-48 overflow-y-auto rounded-md border border-line">
        {shown.map((camera) => (
          <li key={camera.id}>
            <label className="flex h-7 cursor-pointer items-center gap-2 px-2 text-sm hover:bg-hover coarse:h-11">
              <input
                type="checkbox"
                checked={ids.has(camera.id)}
                onChange={(event) => set(camera.id, event.target.checked)}
              />
              <span className="truncate">{camera.name}</span>
              <span className="ml-auto truncate pl-3 text-fg-muted text-xs">{camera.group}</span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
