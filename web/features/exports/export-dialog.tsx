import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { EXPORT_FORMATS } from "../../../shared/api/recording.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { useWall } from "../live/wall-context.tsx";
import type { RangeRequest } from "../playback/playback-panel.tsx";
import { EXPORTS_KEY } from "./use-exports.ts";

const input = "rounded-md border border-line-strong bg-raised px-2 py-1.5 text-sm coarse:min-h-11";
const check = "size-4 shrink-0 accent-accent";
const SHORTEST_PASSPHRASE = 12;

/** Asks for a package of what was selected on the timeline. */
export function ExportDialog(props: { readonly request: RangeRequest; readonly onClose: () => void }): ReactNode {
  const { request, onClose } = props;
  const { t, i18n } = useTranslation();
  const { api } = useServices();
  const { camerasById } = useWall();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const time = new Intl.DateTimeFormat(i18n.resolvedLanguage, {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  });
  const from = time.format(request.startMicros / 1000);
  const to = time.format(request.endMicros / 1000);
  const [chosen, setChosen] = useState<readonly string[]>([request.cameraId]);
  const [title, setTitle] = useState(`${camerasById.get(request.cameraId)?.name ?? ""} ${from}`.trim().slice(0, 200));
  const [format, setFormat] = useState<(typeof EXPORT_FORMATS)[number]>("mp4");
  const [audio, setAudio] = useState(true);
  const [watermark, setWatermark] = useState(false);
  const [passphrase, setPassphrase] = useState("");
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const sealed = format === "sealed";
  const ready = title.trim() !== "" && chosen.length > 0 && (!sealed || passphrase.length >= SHORTEST_PASSPHRASE);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const range = { startMicros: Math.floor(request.startMicros), endMicros: Math.ceil(request.endMicros) };
    try {
      await api.createExport({
        title,
        format,
        audio,
        reason,
        watermark: watermark && !sealed,
        items: chosen.map((cameraId) => ({ cameraId, ...range })),
        ...(sealed ? { passphrase } : {}),
      });
      await queries.invalidateQueries({ queryKey: EXPORTS_KEY });
      toast.success(t("exports.queued"), {
        action: { label: t("exports.show"), onClick: () => void navigate({ to: "/exports" }) },
      });
      onClose();
    } catch (error) {
      toast.error(errorText(t, error));
    } finally {
      setBusy(false);
    }
  };
  const toggle = (id: string): void =>
    setChosen((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before, id]));

  return (
    <Dialog open modalToClicks onOpenChange={(open) => !open && onClose()} title={t("exports.new")}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        <p className="nums text-fg-soft text-sm">
          {from} – {to}
        </p>
        <label className="flex flex-col gap-1 text-sm">
          <span>{t("exports.title")}</span>
          <input
            className={input}
            required
            maxLength={200}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </label>
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-1 text-sm">{t("exports.cameras")}</legend>
          <div className="max-h-36 overflow-y-auto rounded-md border border-line px-2 py-1">
            {request.cameraIds.map((cameraId) => (
              <label key={cameraId} className="flex items-center gap-2 py-1 text-sm coarse:min-h-11">
                <input
                  type="checkbox"
                  className={check}
                  checked={chosen.includes(cameraId)}
                  onChange={() => toggle(cameraId)}
                />
                <span className="truncate">{camerasById.get(cameraId)?.name ?? cameraId}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <label className="flex flex-col gap-1 text-sm">
          <span>{t("exports.format")}</span>
          <select
            className={input}
            value={format}
            onChange={(event) => setFormat(EXPORT_FORMATS.find((one) => one === event.target.value) ?? "mp4")}
          >
            {EXPORT_FORMATS.map((one) => (
              <option key={one} value={one}>
                {t(`exports.formats.${one}`)}
              </option>
            ))}
          </select>
        </label>
        {sealed ? (
          <label className="flex flex-col gap-1 text-sm">
            <span>{t("exports.passphrase")}</span>
            <input
              className={input}
              type="password"
              autoComplete="new-password"
              minLength={SHORTEST_PASSPHRASE}
              maxLength={256}
              value={passphrase}
              onChange={(event) => setPassphrase(event.target.value)}
            />
            <span className="text-fg-muted text-xs">{t("exports.passphraseHint")}</span>
          </label>
        ) : (
          <>
            <label className="flex items-center gap-2 text-sm coarse:min-h-11">
              <input
                type="checkbox"
                className={check}
                checked={audio}
                onChange={(event) => setAudio(event.target.checked)}
              />
              {t("exports.audio")}
            </label>
            <label className="flex items-center gap-2 text-sm coarse:min-h-11">
              <input
                type="checkbox"
                className={check}
                checked={watermark}
                onChange={(event) => setWatermark(event.target.checked)}
              />
              {t("exports.watermark")}
            </label>
          </>
        )}
        <label className="flex flex-col gap-1 text-sm">
          <span>{t("exports.reason")}</span>
          <input className={input} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
        </label>
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" variant="primary" busy={busy} disabled={!ready}>
            {t("exports.start")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
