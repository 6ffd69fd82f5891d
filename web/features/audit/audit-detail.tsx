import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { AuditEntryBody } from "../../../shared/api/audit.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import type { AuditFilters } from "./audit-filters.tsx";
import { Outcome, whoText } from "./audit-table.tsx";
import { aboutText, actionText } from "./audit-words.ts";
import { ChangeList } from "./change-list.tsx";
import { useInstantText } from "./use-instant-text.ts";
import { type Names, valueText } from "./value-text.ts";

interface Props {
  readonly entry: AuditEntryBody;
  readonly names: Names;
  readonly onClose: () => void;
  readonly onFilter: (filters: Partial<AuditFilters>) => void;
}

/** One row with all that it says. */
export function AuditDetail({ entry, names, onClose, onFilter }: Props): ReactNode {
  const { t } = useTranslation();
  const when = useInstantText();
  const { seq, at, action, actorName, ip, via, sessionId, target, cameraId, details, changes, hash } = entry;
  const facts: readonly (readonly [string, string | null])[] = [
    [t("audit.columns.time"), when(at)],
    [t("audit.columns.who"), whoText(t("audit.server"), entry)],
    [t("audit.columns.from"), ip],
    [t("audit.detail.via"), via],
    [t("audit.columns.about"), aboutText(entry, names) || null],
    [t("audit.detail.target"), target],
    [t("audit.detail.session"), sessionId],
    [t("audit.detail.code"), action],
  ];
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={actionText(t, action)}
      className="max-w-2xl"
      footer={
        <>
          {cameraId !== null && <Button onClick={() => onFilter({ cameraId })}>{t("audit.detail.showCamera")}</Button>}
          {actorName !== null && (
            <Button onClick={() => onFilter({ actor: actorName })}>{t("audit.detail.showActor")}</Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <p className="flex items-center gap-2 text-fg-muted text-xs">
          {t("audit.detail.title", { seq })}
          <Outcome entry={entry} all />
        </p>
        <Facts facts={facts} />
        {changes !== null && (
          <section>
            <h3 className="mb-1 font-medium text-sm">{t("audit.detail.changes")}</h3>
            <ChangeList changes={changes} names={names} />
          </section>
        )}
        {details !== null && Object.keys(details).length > 0 && (
          <section>
            <h3 className="mb-1 font-medium text-sm">{t("audit.detail.details")}</h3>
            <Facts
              facts={Object.entries(details).map(([name, value]) => [name, valueText(t, value, names)] as const)}
            />
          </section>
        )}
        <p className="font-mono text-2xs text-fg-muted [overflow-wrap:anywhere]">
          {t("audit.detail.hash")} {hash}
        </p>
      </div>
    </Dialog>
  );
}

function Facts({ facts }: { readonly facts: readonly (readonly [string, string | null])[] }): ReactNode {
  return (
    <dl className="grid grid-cols-[minmax(6rem,max-content)_1fr] gap-x-3 gap-y-1 text-sm">
      {facts.map(([name, value]) =>
        value === null ? null : (
          <div key={name} className="contents">
            <dt className="text-fg-muted text-xs leading-5">{name}</dt>
            <dd className="min-w-0 [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
