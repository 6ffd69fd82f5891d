import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { instantsOf, type TypedTime } from "./typed-time.ts";
import { useLocalTime } from "./use-local-time.ts";

interface OccurrenceChoiceProps {
  /** Whose time it is, where there are several. */
  readonly label?: string;
  readonly time: TypedTime;
  readonly onChange: (time: TypedTime) => void;
}

/** In autumn an hour comes twice: the operator says which. Of any other time there is nothing to say. */
export function OccurrenceChoice({ label, time, onChange }: OccurrenceChoiceProps): ReactNode {
  const { t } = useTranslation();
  const { zone } = useLocalTime();
  const instants = instantsOf(time.text, zone);
  if (instants.length < 2) return null;
  const twice = t("playback.twice");
  return (
    <div role="group" aria-label={label === undefined ? twice : `${label}: ${twice}`} className="flex flex-col gap-1">
      <p className="text-fg-muted text-xs">{twice}</p>
      <div className="flex flex-wrap gap-1">
        {instants.map((instant, index) => (
          <Button
            key={instant}
            size="sm"
            variant="ghost"
            aria-pressed={time.second === (index === 1)}
            onClick={() => onChange({ ...time, second: index === 1 })}
          >
            {time.text.slice(11)} {zone.offsetName(instant)}
          </Button>
        ))}
      </div>
    </div>
  );
}
