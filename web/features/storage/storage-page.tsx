import { DndContext, type DragEndEvent, MouseSensor, TouchSensor, useSensor, useSensors } from "@dnd-kit/core";
import { useQueryClient } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { HardDrive, Plus, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { byteText } from "../recording/byte-text.ts";
import { recordingKeys, useUsage, useVolumes } from "../recording/use-recording.ts";
import { failingVolumes } from "./storage-alarm.tsx";
import { TierPanel } from "./tier-panel.tsx";
import { VolumeCard } from "./volume-card.tsx";
import { VolumeDialog } from "./volume-dialog.tsx";
import { bodyOfVolume, reordered } from "./volume-form.ts";

const TIERS = ["hot", "warm", "cold"] as const;

type Opened =
  | { readonly kind: "add" }
  | { readonly kind: "edit" | "disable" | "remove"; readonly volume: StorageVolume };

/** Where recordings lie: folders and buckets by tier, how full they are and for how long they will do. */
export function StoragePage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const volumes = useVolumes();
  const usage = useUsage();
  const [opened, setOpened] = useState<Opened>();
  const [busy, setBusy] = useState(false);
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }),
  );
  const list = volumes.data ?? [];
  const inTier = (tier: StorageVolume["tier"]): StorageVolume[] => list.filter((volume) => volume.tier === tier);
  const failing = failingVolumes(list);
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: recordingKeys.volumes });

  const run = async (action: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await action();
    } catch (error) {
      toast.error(errorText(t, error));
    } finally {
      await refresh();
      setBusy(false);
    }
  };
  const enable = (volume: StorageVolume, enabled: boolean): Promise<StorageVolume> =>
    api.updateVolume(volume.id, bodyOfVolume(volume, { enabled }));
  const move = (volume: StorageVolume, to: number): void =>
    void run(async () => {
      for (const change of reordered(inTier(volume.tier), volume.id, to)) {
        await api.updateVolume(change.volume.id, bodyOfVolume(change.volume, { priority: change.priority }));
      }
    });
  const test = (volume: StorageVolume): void =>
    void run(async () => {
      const { ok, problem, writeBytesPerSecond } = await api.testFolder(volume.location);
      if (!ok) toast.error(t("storage.testFailed", { problem: problem ?? "" }));
      else
        toast.success(
          `${t("storage.testOk")} ${t("storage.writeSpeed", { rate: `${byteText(writeBytesPerSecond ?? 0)}/s` })}`,
        );
    });
  const onDragEnd = ({ active, over }: DragEndEvent): void => {
    const volume = list.find(({ id }) => id === active.id);
    const target: unknown = over?.data.current?.place;
    if (volume === undefined || over === null || over.id === active.id || typeof target !== "number") return;
    if (over.data.current?.tier === volume.tier) move(volume, target);
  };
  const actions = {
    edit: (volume: StorageVolume) => setOpened({ kind: "edit", volume }),
    test,
    toggle: (volume: StorageVolume) =>
      volume.enabled ? setOpened({ kind: "disable", volume }) : void run(() => enable(volume, true)),
    remove: (volume: StorageVolume) => setOpened({ kind: "remove", volume }),
    move,
  };
  const close = (): void => setOpened(undefined);

  return (
    <Page
      title={t("storage.title")}
      lead={t("storage.lead")}
      actions={
        <Button variant="primary" onClick={() => setOpened({ kind: "add" })}>
          <Plus aria-hidden="true" />
          {t("storage.add")}
        </Button>
      }
    >
      {volumes.isPending ? (
        <SkeletonRows count={4} />
      ) : volumes.isError && volumes.data === undefined ? (
        <FailureState
          title={t("storage.failed")}
          lead={errorText(t, volumes.error)}
          onRetry={() => void volumes.refetch()}
        />
      ) : list.length === 0 ? (
        <EmptyState icon={<HardDrive />} title={t("storage.empty")} lead={t("storage.emptyLead")} />
      ) : (
        <div className="mx-auto flex max-w-5xl flex-col gap-6">
          {failing.length > 0 && (
            <p role="alert" className="flex items-start gap-2 rounded-md bg-danger-soft px-3 py-2 text-sm">
              <TriangleAlert className="mt-0.5 size-4 shrink-0 text-danger" aria-hidden="true" />
              {t("storage.alarm", { names: failing.map(({ name }) => name).join(", ") })}
            </p>
          )}
          <DndContext sensors={sensors} onDragEnd={onDragEnd}>
            {TIERS.map((tier) => {
              const tiered = inTier(tier);
              if (tiered.length === 0) return null;
              return (
                <section key={tier} aria-labelledby={`tier-${tier}`}>
                  <h2 id={`tier-${tier}`} className="mb-2 flex flex-wrap items-baseline gap-x-3">
                    <span className="font-semibold text-base">{t(`storage.tiers.${tier}`)}</span>
                    <span className="text-fg-muted text-xs">
                      {t(`storage.tierHints.${tier}`)} {tiered.length > 1 && t("storage.orderHint")}
                    </span>
                  </h2>
                  <ul className="flex flex-col gap-2">
                    {tiered.map((volume, place) => (
                      <VolumeCard
                        key={volume.id}
                        volume={volume}
                        usage={usage.data?.volumes.find(({ volumeId }) => volumeId === volume.id)}
                        atMicros={usage.data?.atMicros ?? 0}
                        place={place}
                        count={tiered.length}
                        busy={busy}
                        actions={actions}
                      />
                    ))}
                  </ul>
                </section>
              );
            })}
          </DndContext>
          {list.some(({ tier }) => tier !== "hot") && <TierPanel volumes={list} />}
        </div>
      )}
      {(opened?.kind === "add" || opened?.kind === "edit") && (
        <VolumeDialog
          volume={opened.kind === "edit" ? opened.volume : undefined}
          priority={Math.min(1000, Math.max(-1, ...list.map(({ priority }) => priority)) + 1)}
          onClose={close}
        />
      )}
      {opened?.kind === "disable" && (
        <Confirm
          title={t("storage.disableTitle", { name: opened.volume.name })}
          lead={t("storage.disableLead")}
          action={t("storage.disable")}
          describeFailure={(error) => errorText(t, error)}
          onConfirm={async () => {
            await enable(opened.volume, false);
            await refresh();
          }}
          onClose={close}
        />
      )}
      {opened?.kind === "remove" && (
        <Confirm
          title={t("storage.removeTitle", { name: opened.volume.name })}
          lead={removeLead(t, opened.volume)}
          action={t("common.remove")}
          describeFailure={(error) => errorText(t, error)}
          onConfirm={async () => {
            await api.removeVolume(opened.volume.id);
            await refresh();
          }}
          onClose={close}
        />
      )}
    </Page>
  );
}

/** What stands in the way of removing a volume, if anything does. */
function removeLead(t: TFunction, { segments, usedBytes, tier, enabled }: StorageVolume): string {
  if (segments > 0) return t("storage.removeHolds", { bytes: byteText(usedBytes) });
  return tier === "hot" && enabled ? t("storage.removeOn") : t("storage.removeLead");
}
