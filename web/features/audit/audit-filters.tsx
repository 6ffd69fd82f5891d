import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Camera } from "../../../shared/api/schemas.ts";
import type { AuditQuery } from "../../api/trust-endpoints.ts";
import { enAudit } from "../../i18n/en-audit.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";

const OUTCOMES = ["ok", "denied", "failed"] as const;
export const AREAS = Object.keys(enAudit.areas) as (keyof typeof enAudit.areas)[];

/** What the page asks for; empty: everything. */
export interface AuditFilters {
  readonly text: string;
  readonly actor: string;
  readonly area: string;
  readonly outcome: string;
  readonly cameraId: string;
  /** As the browser's own fields give it: local time, `2026-11-20T10:00`. */
  readonly from: string;
  readonly until: string;
}

export const NO_FILTERS: AuditFilters = {
  ...{ text: "", actor: "", area: "", outcome: "", cameraId: "", from: "", until: "" },
};

export function queryOf({ area, from, until, outcome, ...rest }: AuditFilters): AuditQuery {
  const instant = (local: string): string | undefined => {
    const at = new Date(local);
    return local === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
  };
  const known = OUTCOMES.find((one) => one === outcome);
  const [begin, end] = [instant(from), instant(until)];
  return {
    ...Object.fromEntries(
      Object.entries(rest).flatMap(([name, value]) => (value.trim() ? [[name, value.trim()]] : [])),
    ),
    ...(area === "" ? {} : { action: `${area}.` }),
    ...(known === undefined ? {} : { outcome: known }),
    ...(begin === undefined ? {} : { from: begin }),
    ...(end === undefined ? {} : { until: end }),
  };
}

interface Props {
  readonly filters: AuditFilters;
  readonly cameras: readonly Camera[];
  readonly onChange: (filters: AuditFilters) => void;
}

export function AuditFilterBar({ filters, cameras, onChange }: Props): ReactNode {
  const { t } = useTranslation();
  const set = (change: Partial<AuditFilters>): void => onChange({ ...filters, ...change });
  return (
    <search className="grid grid-cols-2 items-end gap-2 sm:grid-cols-3 lg:grid-cols-[repeat(6,minmax(0,1fr))_auto]">
      <Field label={t("audit.filters.actor")}>
        {(control) => <Input {...control} value={filters.actor} onChange={(e) => set({ actor: e.target.value })} />}
      </Field>
      <Field label={t("audit.filters.action")}>
        {(control) => (
          <Select {...control} value={filters.area} onChange={(e) => set({ area: e.target.value })}>
            <option value="">{t("audit.filters.all")}</option>
            {AREAS.map((area) => (
              <option key={area} value={area}>
                {t(`audit.areas.${area}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t("audit.filters.camera")}>
        {(control) => (
          <Select {...control} value={filters.cameraId} onChange={(e) => set({ cameraId: e.target.value })}>
            <option value="">{t("audit.filters.all")}</option>
            {cameras.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t("audit.filters.outcome")}>
        {(control) => (
          <Select {...control} value={filters.outcome} onChange={(e) => set({ outcome: e.target.value })}>
            <option value="">{t("audit.filters.all")}</option>
            {OUTCOMES.map((outcome) => (
              <option key={outcome} value={outcome}>
                {t(`audit.outcomes.${outcome}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t("audit.filters.from")}>
        {(control) => (
          <Input
            {...control}
            type="datetime-local"
            value={filters.from}
            onChange={(e) => set({ from: e.target.value })}
          />
        )}
      </Field>
      <Field label={t("audit.filters.until")}>
        {(control) => (
          <Input
            {...control}
            type="datetime-local"
            value={filters.until}
            onChange={(e) => set({ until: e.target.value })}
          />
        )}
      </Field>
      <Button variant="ghost" onClick={() => onChange(NO_FILTERS)}>
        {t("audit.filters.clear")}
      </Button>
    </search>
  );
}
