import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { FieldChange } from "../../../shared/api/config.ts";
import { enConfig } from "../../i18n/en-keys.ts";
import { type Names, valueText } from "./value-text.ts";

type KnownField = keyof typeof enConfig.fields;

function isKnown(field: string): field is KnownField {
  return Object.hasOwn(enConfig.fields, field);
}

interface ChangeListProps {
  readonly changes: readonly FieldChange[];
  readonly names: Names;
}

/** Old and new values, field by field: what went in red, what came in green, each named for those who see no colours. */
export function ChangeList({ changes, names }: ChangeListProps): ReactNode {
  const { t } = useTranslation();
  return (
    <dl className="grid grid-cols-[minmax(6rem,max-content)_1fr] gap-x-3 gap-y-1 text-sm max-sm:grid-cols-1">
      {changes.map((change) => {
        const { field } = change;
        const both = "from" in change && "to" in change;
        return (
          <div key={field} className="contents">
            <dt className="text-fg-muted text-xs leading-5 max-sm:mt-1">
              {isKnown(field) ? t(`config.fields.${field}`) : field}
            </dt>
            <dd className="flex min-w-0 flex-wrap items-baseline gap-x-2 gap-y-0.5 [overflow-wrap:anywhere]">
              {"from" in change && (
                <del className="rounded-sm bg-danger-soft px-1 no-underline">
                  <span className="sr-only">{t("audit.values.old")}: </span>
                  {valueText(t, change.from, names)}
                </del>
              )}
              {both && <ArrowRight className="size-3.5 shrink-0 self-center text-fg-muted" aria-hidden="true" />}
              {"to" in change && (
                <ins className="rounded-sm bg-ok-soft px-1 no-underline">
                  <span className="sr-only">{t("audit.values.new")}: </span>
                  {valueText(t, change.to, names)}
                </ins>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
