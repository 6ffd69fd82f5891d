import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { HardDrive } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCameras } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Field, Input } from "../../ui/field.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { byteText } from "../recording/byte-text.ts";
import { recordingKeys, usePolicies, useVolumes } from "../recording/use-recording.ts";
import { FillBar } from "../storage/fill-bar.tsx";
import { bodyOfVolume } from "../storage/volume-form.ts";
import { StepFrame } from "./step-frame.tsx";
import { daysFor, lastingOf, suggestedReserve } from "./storage-limits.ts";
import type { StepProps } from "./welcome-page.tsx";

const GB = 1e9;

/** A number of what the field holds; undefined: it holds none that fits. */
function whole(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,7}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}

/** Where recordings go, how much of the disk stays free, and for how long they are kept. */
export function StorageStep(props: StepProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const volumes = useVolumes();
  const policies = usePolicies();
  const cameras = useCameras(api);
  const [typedReserve, setReserve] = useState<string>();
  const [typedDays, setDays] = useState<string>();
  if (volumes.isPending || policies.isPending) return <SkeletonRows count={4} />;
  if (volumes.data === undefined || policies.data === undefined) {
    const error = volumes.error ?? policies.error;
    return (
      <FailureState
        title={t("setup.failed")}
        lead={errorText(t, error)}
        onRetry={() => void Promise.all([volumes.refetch(), policies.refetch()])}
      />
    );
  }
  const volume = volumes.data.find(({ kind, tier, enabled }) => kind === "local" && tier === "hot" && enabled);
  if (volume === undefined) {
    return (
      <StepFrame {...props} title={t("setup.storage.title")} lead={t("setup.storage.lead")} action={t("setup.next")}>
        <EmptyState icon={<HardDrive />} title={t("setup.storage.none")} lead={t("setup.storage.noneLead")} />
      </StepFrame>
    );
  }
  const system = policies.data.find(({ scope }) => scope === "system")?.policy ?? {};
  const total = volume.totalBytes ?? 0;
  const reserveText = typedReserve ?? String(Math.round(suggestedReserve(total) / GB));
  const daysText = typedDays ?? String(system.retentionDays ?? 30);
  const reserve = whole(reserveText, 0, Math.max(1, Math.floor(total / GB)));
  const days = whole(daysText, 1, 3650);
  const room = Math.max(0, (volume.freeBytes ?? 0) + volume.usedBytes - (reserve ?? 0) * GB);
  const count = cameras.data?.length ?? 0;
  const lasting = (cameraCount: number): string => {
    const time = lastingOf(daysFor(room, cameraCount));
    return "days" in time
      ? t("setup.storage.dayCount", { count: time.days })
      : t("setup.storage.hourCount", { count: time.hours });
  };
  const save = async (): Promise<void> => {
    if (reserve === undefined || days === undefined) return;
    await api.updateVolume(volume.id, bodyOfVolume(volume, { reserveBytes: reserve * GB }));
    // The limit of a trial was for the demo cameras alone.
    const policy = { ...system, retentionDays: days, maxBytes: null };
    await api.putRecordingPolicy({ scope: "system", target: "system", policy });
    await queries.invalidateQueries({ queryKey: recordingKeys.volumes });
    await queries.invalidateQueries({ queryKey: recordingKeys.policies });
  };
  return (
    <StepFrame
      {...props}
      title={t("setup.storage.title")}
      lead={t("setup.storage.lead")}
      action={t("setup.next")}
      invalid={reserve === undefined || days === undefined}
      save={save}
    >
      <div className="rounded-lg border border-line bg-ground p-3">
        <p className="mb-2 break-all font-medium text-sm">{volume.location}</p>
        <FillBar volume={volume} usage={undefined} />
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label={t("setup.storage.reserve")}
          error={reserve === undefined ? t("setup.storage.badReserve") : undefined}
          hint={t("setup.storage.reserveHint")}
        >
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              value={reserveText}
              maxLength={7}
              onChange={(event) => setReserve(event.target.value)}
            />
          )}
        </Field>
        <Field
          label={t("setup.storage.days")}
          error={days === undefined ? t("setup.storage.badDays") : undefined}
          hint={t("setup.storage.daysHint")}
        >
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              value={daysText}
              maxLength={4}
              onChange={(event) => setDays(event.target.value)}
            />
          )}
        </Field>
      </div>
      <p className="text-fg-soft text-sm">
        {t("setup.storage.estimate", {
          room: byteText(room),
          one: lasting(1),
          eight: lasting(8),
        })}{" "}
        {count > 0 && t("setup.storage.estimateNow", { count, time: lasting(count) })}{" "}
        <Link to="/admin/storage" className="text-accent underline-offset-2 hover:underline">
          {t("setup.storage.more")}
        </Link>
      </p>
    </StepFrame>
  );
}
