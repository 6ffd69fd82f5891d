import { CornerLeftUp, Undo2 } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Tooltip } from "../../ui/tooltip.tsx";
import type { SettingOrigin } from "./policy-draft.ts";
import { originText } from "./policy-text.ts";

interface SettingRowProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly setting: SettingOrigin;
  /** How many scopes are edited at once. */
  readonly targets: number;
  /** What would hold without the own value, in words; undefined: the scopes differ. */
  readonly inheritedText: string | undefined;
  readonly onInherit: () => void;
  /** Takes more room than one line. */
  readonly wide?: boolean;
  readonly children: (control: { id: string; "aria-describedby": string }) => ReactNode;
}

/** One setting: its control, where its value comes from, and the way back to what is inherited. */
export function SettingRow(props: SettingRowProps): ReactNode {
  const { label, hint, error, setting, targets, inheritedText, onInherit, wide = false, children } = props;
  const { t } = useTranslation();
  const id = useId();
  const own = setting.own > 0;
  return (
    <div className={cn("border-line border-b py-2.5 last:border-b-0", setting.changed && "bg-accent-soft/30")}>
      <div className={cn("grid items-center gap-x-4 gap-y-1", !wide && "sm:grid-cols-[11rem_minmax(0,1fr)_auto]")}>
        <label htmlFor={id} className="font-medium text-fg text-sm">
          {label}
        </label>
        {!wide && <div className="min-w-0">{children({ id, "aria-describedby": `${id}-note` })}</div>}
        <Origin setting={setting} targets={targets} inheritedText={inheritedText} onInherit={onInherit} own={own} />
      </div>
      {wide && <div className="mt-2 min-w-0">{children({ id, "aria-describedby": `${id}-note` })}</div>}
      <div id={`${id}-note`} className={cn("text-xs", !wide && "sm:ml-48")}>
        {error !== undefined && (
          <p role="alert" className="text-danger">
            {error}
          </p>
        )}
        {hint !== undefined && <p className="text-fg-muted">{hint}</p>}
        {setting.overriddenBelow > 0 && (
          <p className="text-fg-muted">{t("recording.overriddenBelow", { count: setting.overriddenBelow })}</p>
        )}
      </div>
    </div>
  );
}

function Origin(
  props: Pick<SettingRowProps, "setting" | "targets" | "inheritedText" | "onInherit"> & { readonly own: boolean },
): ReactNode {
  const { setting, targets, inheritedText, onInherit, own } = props;
  const { t } = useTranslation();
  if (!own) {
    return (
      <span className="flex items-center gap-1 text-fg-muted text-xs">
        <CornerLeftUp className="size-3.5" aria-hidden="true" />
        {setting.from === undefined
          ? t("recording.differs")
          : t("recording.inheritedFrom", { origin: originText(t, setting.from) })}
      </span>
    );
  }
  const above = setting.inheritedFrom === undefined ? t("recording.differs") : originText(t, setting.inheritedFrom);
  return (
    <span className="flex items-center gap-1">
      <span className="rounded-sm bg-accent-soft px-1.5 font-medium text-2xs text-accent">
        {setting.own === targets ? t("recording.ownValue") : t("recording.ownSome", { own: setting.own, all: targets })}
      </span>
      <Tooltip label={t("recording.inheritHint", { value: inheritedText ?? t("recording.differs"), origin: above })}>
        <Button size="sm" variant="ghost" onClick={onInherit}>
          <Undo2 aria-hidden="true" />
          {t("recording.inherit")}
        </Button>
      </Tooltip>
    </span>
  );
}
