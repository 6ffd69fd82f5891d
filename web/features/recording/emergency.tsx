import { useQueryClient } from "@tanstack/react-query";
import { Siren } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { useLocalTime } from "../playback/use-local-time.ts";
import { recordingKeys, useRecordingStates } from "./use-recording.ts";

/** One button that records every camera, whatever the settings say. Asks first. */
export function EmergencyButton(): ReactNode {
  const { t } = useTranslation();
  const may = useCan();
  const states = useRecordingStates(may("archive.view"));
  const [asking, setAsking] = useState(false);
  if (!may("recording.trigger") || states.data === undefined || states.data.emergency.on) return null;
  return (
    <>
      <IconButton label={t("recording.emergency.button")} onClick={() => setAsking(true)} className="hover:text-danger">
        <Siren aria-hidden="true" />
      </IconButton>
      {asking && <EmergencyDialog cameras={states.data.cameras.length} onClose={() => setAsking(false)} />}
    </>
  );
}

function EmergencyDialog(props: { readonly cameras: number; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const start = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await api.setEmergency(true, reason.trim() === "" ? undefined : reason.trim());
      await queries.invalidateQueries({ queryKey: recordingKeys.states });
      props.onClose();
    } catch (error) {
      toast.error(errorText(t, error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && props.onClose()}
      title={t("recording.emergency.title")}
      description={t("recording.emergency.lead", { count: props.cameras })}
    >
      <form onSubmit={(event) => void start(event)} className="flex flex-col gap-4">
        <Field label={t("recording.emergency.reason")} optional={t("common.optional")}>
          {(control) => (
            <Input
              {...control}
              autoFocus
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose} disabled={busy}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" variant="danger" busy={busy}>
            <Siren aria-hidden="true" />
            {t("recording.emergency.start")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** While every camera is recorded in an emergency, everybody sees it, who began it, and who may end it can. */
export function EmergencyBanner(): ReactNode {
  const { t } = useTranslation();
  const may = useCan();
  const { api } = useServices();
  const { text } = useLocalTime();
  const queries = useQueryClient();
  const states = useRecordingStates(may("archive.view"));
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const emergency = states.data?.emergency;
  if (emergency === undefined || !emergency.on) return null;
  const stop = async (): Promise<void> => {
    setBusy(true);
    try {
      await api.setEmergency(false);
      await queries.invalidateQueries({ queryKey: recordingKeys.states });
    } catch (error) {
      toast.error(errorText(t, error));
    } finally {
      setBusy(false);
      setAsking(false);
    }
  };
  const since = emergency.sinceMicros;
  return (
    <div
      role="alert"
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 bg-danger-strong px-3 py-1 text-sm text-white"
    >
      <Siren className="size-4 shrink-0" aria-hidden="true" />
      <span className="font-semibold">{t("recording.emergency.active")}</span>
      <span className="nums">
        {since !== null &&
          t("recording.emergency.by", {
            name: emergency.by ?? "–",
            since: `${text.date(since)} ${text.time(since)}`,
          })}
      </span>
      {may("recording.trigger") && (
        <span className="ml-auto flex gap-2">
          {asking ? (
            <>
              <Button size="sm" autoFocus onClick={() => setAsking(false)} disabled={busy}>
                {t("recording.emergency.keep")}
              </Button>
              <Button size="sm" variant="danger" className="bg-black/40" busy={busy} onClick={() => void stop()}>
                {t("recording.emergency.stopSure")}
              </Button>
            </>
          ) : (
            <Button size="sm" onClick={() => setAsking(true)}>
              {t("recording.emergency.stop")}
            </Button>
          )}
        </span>
      )}
    </div>
  );
}
