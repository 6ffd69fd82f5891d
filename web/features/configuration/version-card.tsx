import { Diff, History, Undo2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ConfigVersion, ObjectChange } from "../../../shared/api/config.ts";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { ChangeList } from "../audit/change-list.tsx";
import { useInstantText } from "../audit/use-instant-text.ts";
import type { Names } from "../audit/value-text.ts";

/** More are shown when asked for. */
const SHOWN = 5;

interface Props {
  readonly version: ConfigVersion;
  readonly names: Names;
  readonly onUndo: () => void;
  readonly onGoBack: () => void;
  readonly onCompare: () => void;
}

/** One change with old and new values, and what can be done about it. */
export function VersionCard({ version, names, onUndo, onGoBack, onCompare }: Props): ReactNode {
  const { t } = useTranslation();
  const when = useInstantText();
  const [all, setAll] = useState(false);
  const { id, at, actorName, ip, action, section, changes, rollsBack } = version;
  const shown = all ? changes : changes.slice(0, SHOWN);
  return (
    <li className="rounded-lg border border-line bg-panel p-3">
      <header className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="font-medium text-sm">
          {section === null ? t("config.begin") : t(`config.sections.${section}`)}
          <span className="sr-only"> {t("config.version", { id })}</span>
        </h2>
        <p className="nums min-w-0 text-fg-muted text-xs">
          {when(at)}
          {section !== null && <> · {actorName ?? t(action === "config.found" ? "config.past" : "audit.server")}</>}
          {ip !== null && <> · {ip}</>}
          {rollsBack !== null && <> · {t("config.rollsBack", { version: rollsBack })}</>}
        </p>
        <div className="ml-auto flex flex-wrap gap-1">
          <Button size="sm" variant="ghost" onClick={onCompare}>
            <Diff aria-hidden="true" />
            {t("config.compare")}
          </Button>
          {section !== null && (
            <Button size="sm" variant="ghost" onClick={onUndo}>
              <Undo2 aria-hidden="true" />
              {t("config.undo")}
            </Button>
          )}
          <Button size="sm" variant="ghost" onClick={onGoBack}>
            <History aria-hidden="true" />
            {t("config.goBack")}
          </Button>
        </div>
      </header>
      <ChangedObjects changes={shown} names={names} />
      {changes.length > shown.length && (
        <Button size="sm" variant="ghost" className="mt-1" onClick={() => setAll(true)}>
          {t("config.more", { number: changes.length - shown.length })}
        </Button>
      )}
    </li>
  );
}

interface ObjectsProps {
  readonly changes: readonly ObjectChange[];
  readonly names: Names;
  readonly withSection?: boolean;
}

export function ChangedObjects({ changes, names, withSection = false }: ObjectsProps): ReactNode {
  return (
    <ul className="flex flex-col gap-3">
      {changes.map((change) => (
        <li key={`${change.section} ${change.id}`}>
          <ObjectTitle change={change} names={names} withSection={withSection} />
          <ChangeList changes={change.fields} names={names} />
        </li>
      ))}
    </ul>
  );
}

interface TitleProps {
  readonly change: ObjectChange;
  readonly names: Names;
  readonly withSection?: boolean;
  /** It stays as it is. */
  readonly kept?: boolean;
}

export function ObjectTitle(props: TitleProps): ReactNode {
  const { names, withSection = false, kept = false } = props;
  const { section, label, kind } = props.change;
  const { t } = useTranslation();
  const tone = { added: "bg-ok-soft", changed: "bg-active", removed: "bg-danger-soft" }[kind];
  return (
    <p className="mb-0.5 flex min-w-0 items-baseline gap-2 text-sm">
      {!kept && <span className={cn("shrink-0 rounded-sm px-1.5 text-2xs", tone)}>{t(`config.kinds.${kind}`)}</span>}
      {withSection && <span className="shrink-0 text-fg-muted text-xs">{t(`config.sections.${section}`)}</span>}
      <span className="min-w-0 font-medium [overflow-wrap:anywhere]">{names.get(label) ?? label}</span>
    </p>
  );
}
