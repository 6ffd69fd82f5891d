import { useQuery, useQueryClient } from "@tanstack/react-query";
import { MoveRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { TierStatus } from "../../../shared/api/storage-tiers.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { ProgressBar } from "../../ui/progress-bar.tsx";
import { useWall } from "../live/wall-context.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { byteText } from "../recording/byte-text.ts";

const KEY = ["storage", "tiers"] as const;
const BUSY_MS = 2_000;
const IDLE_MS = 20_000;

/** Recordings on their way to the warm and cold tiers: what moves, what waits, what went wrong. */
export function TierPanel({ volumes }: { readonly volumes: readonly StorageVolume[] }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const tiers = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api.tierStatus(signal),
    refetchInterval: ({ state }) => ((state.data?.moving.length ?? 0) > 0 ? BUSY_MS : IDLE_MS),
  });
  const status = tiers.data;
  if (status === undefined) return null;
  const waiting = status.waiting.filter(({ files }) => files > 0);
  const nothing = status.moving.length === 0 && waiting.length === 0 && status.errors.length === 0;
  const run = async (): Promise<void> => {
    setBusy(true);
    try {
      await api.moveTiersNow();
      await queries.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      toast.error(errorText(t, error));
    } finally {
      setBusy(false);
    }
  };
  const name = (id: string): string => volumes.find((volume) => volume.id === id)?.name ?? id;
  return (
    <section aria-labelledby="tier-moves" className="rounded-lg border border-line bg-panel p-4">
      <div className="flex flex-wrap items-center gap-2">
        <h2 id="tier-moves" className="font-semibold text-base">
          {t("storage.moves.title")}
        </h2>
        <span className="nums text-fg-muted text-xs">
          {t("storage.moves.done", { files: status.moved.files, bytes: byteText(status.moved.bytes) })}
        </span>
        <Button size="sm" className="ml-auto" busy={busy} onClick={() => void run()}>
          {t("storage.moves.run")}
        </Button>
      </div>
      {nothing && <p className="mt-1 text-fg-muted text-xs">{t("storage.moves.nothing")}</p>}
      {waiting.length > 0 && (
        <p className="nums mt-1 text-fg-soft text-xs">
          {waiting
            .map(({ tier, files, bytes }) =>
              t("storage.moves.waiting", { tier: t(`storage.tiers.${tier}`), files, bytes: byteText(bytes) }),
            )
            .join(" · ")}
        </p>
      )}
      <Moving status={status} name={name} />
      <Failures status={status} name={name} />
    </section>
  );
}

interface PartProps {
  readonly status: TierStatus;
  readonly name: (volumeId: string) => string;
}

function Moving({ status, name }: PartProps): ReactNode {
  const { t } = useTranslation();
  const { camerasById } = useWall();
  const { text } = useLocalTime();
  return (
    <ul className="mt-2 flex flex-col gap-2">
      {status.moving.map((move) => {
        const percent = move.bytes === 0 ? 0 : Math.round((move.doneBytes / move.bytes) * 100);
        const camera = camerasById.get(move.cameraId)?.name ?? t("tile.removedCamera");
        return (
          <li key={`${move.cameraId} ${move.startMicros}`} className="flex flex-wrap items-center gap-x-3 text-xs">
            <span className="font-medium">{camera}</span>
            <span className="nums text-fg-soft">
              {text.date(move.startMicros)} {text.time(move.startMicros)}
            </span>
            <span className="flex items-center gap-1 text-fg-soft">
              {name(move.fromVolumeId)}
              <MoveRight className="size-3.5" aria-hidden="true" />
              {name(move.toVolumeId)}
            </span>
            <ProgressBar className="w-28" max={100} value={percent} aria-label={camera} />
            <span className="nums text-fg-muted">{byteText(move.bytes)}</span>
          </li>
        );
      })}
    </ul>
  );
}

function Failures({ status, name }: PartProps): ReactNode {
  const { t } = useTranslation();
  const { text } = useLocalTime();
  if (status.errors.length === 0) return null;
  return (
    <>
      {status.paused.map(({ volumeId, seconds }) => (
        <p key={volumeId} className="mt-2 text-warn text-xs">
          {t("storage.moves.paused", { name: name(volumeId), seconds: Math.ceil(seconds) })}
        </p>
      ))}
      <details className="mt-2">
        <summary className="cursor-pointer py-1 text-danger text-xs coarse:py-3">
          {t("storage.moves.errors", { number: status.errors.length })}
        </summary>
        <ul className="flex flex-col gap-1">
          {status.errors.map((error) => (
            <li key={`${error.at} ${error.path}`} className="text-fg-soft text-xs [overflow-wrap:anywhere]">
              <span className="nums text-fg-muted">
                {text.date(Date.parse(error.at) * 1000)} {text.time(Date.parse(error.at) * 1000)}
              </span>{" "}
              {name(error.volumeId)}: {error.message}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
