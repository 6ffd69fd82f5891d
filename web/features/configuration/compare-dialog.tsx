import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Select } from "../../ui/field.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import type { Names } from "../audit/value-text.ts";
import { ChangedObjects } from "./version-card.tsx";

interface Props {
  readonly from: number;
  /** Those that can be chosen, newest first. */
  readonly versions: readonly number[];
  readonly names: Names;
  readonly onClose: () => void;
}

/** What leads from one version to another, or to now. */
export function CompareDialog({ from, versions, names, onClose }: Props): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const [to, setTo] = useState<number>();
  const diff = useQuery({
    queryKey: ["config-diff", from, to],
    gcTime: 0,
    queryFn: ({ signal }) => api.configDiff(from, to, signal),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("config.compareTitle", { from, to: to ?? t("config.now") })}
      className="max-w-3xl"
    >
      <div className="flex flex-col gap-4">
        <Field label={t("config.compareWith")} className="w-56">
          {(control) => (
            <Select
              {...control}
              value={to ?? ""}
              onChange={(e) => setTo(e.target.value === "" ? undefined : Number(e.target.value))}
            >
              <option value="">{t("config.now")}</option>
              {versions
                .filter((id) => id !== from)
                .map((id) => (
                  <option key={id} value={id}>
                    {t("config.version", { id })}
                  </option>
                ))}
            </Select>
          )}
        </Field>
        {diff.isPending ? (
          <SkeletonRows count={4} />
        ) : diff.isError ? (
          <FailureState title={errorText(t, diff.error)} onRetry={() => void diff.refetch()} />
        ) : diff.data.changes.length === 0 ? (
          <p className="text-fg-muted text-sm">{t("config.same")}</p>
        ) : (
          <ChangedObjects changes={diff.data.changes} names={names} withSection />
        )}
      </div>
    </Dialog>
  );
}
