import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { VolumeTestResult } from "../../../shared/api/storage-usage.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
import { SwitchRow } from "../../ui/switch.tsx";
import { byteText } from "../recording/byte-text.ts";
import { recordingKeys } from "../recording/use-recording.ts";
import { bodyOf, formOf, type VolumeForm } from "./volume-form.ts";

interface VolumeDialogProps {
  readonly volume: StorageVolume | undefined;
  /** For a new one: behind what is there. */
  readonly priority: number;
  readonly onClose: () => void;
}

const TIERS = ["hot", "warm", "cold"] as const;

/** A folder or bucket for recordings. A folder can be tried before it is used. */
export function VolumeDialog({ volume, priority, onClose }: VolumeDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [form, setForm] = useState(() => formOf(volume));
  const [failure, setFailure] = useState<unknown>();
  const [tested, setTested] = useState<VolumeTestResult>();
  const [busy, setBusy] = useState<"save" | "test">();
  const set = (change: Partial<VolumeForm>): void => {
    setForm((before) => ({ ...before, ...change }));
    setFailure(undefined);
    if (change.location !== undefined || change.kind !== undefined) setTested(undefined);
  };
  const s3 = form.kind === "s3";
  const holds = (volume?.segments ?? 0) > 0;
  const tiers = s3 ? TIERS.filter((tier) => tier !== "hot") : TIERS;

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy("save");
    try {
      const body = bodyOf(form, volume?.priority ?? priority);
      if (volume === undefined) await api.createVolume(body);
      else await api.updateVolume(volume.id, body);
      await queries.invalidateQueries({ queryKey: recordingKeys.volumes });
      toast.success(volume === undefined ? t("storage.added") : t("storage.changed"));
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(undefined);
    }
  };
  const test = async (): Promise<void> => {
    setBusy("test");
    try {
      setTested(await api.testFolder(form.location));
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(undefined);
    }
  };
  const error = (field: string): string | undefined => fieldMessage(failure, field);

  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={volume === undefined ? t("storage.add") : t("storage.edit", { name: volume.name })}
    >
      <form onSubmit={(event) => void save(event)} className="flex flex-col gap-3">
        <Field label={t("common.name")} error={error("name")}>
          {(control) => (
            <Input
              {...control}
              required
              autoFocus
              maxLength={100}
              value={form.name}
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Field>
        <div className="grid grid-cols-2 gap-3">
          <Field label={t("storage.kind")}>
            {(control) => (
              <Select
                {...control}
                disabled={holds}
                value={form.kind}
                onChange={(event) =>
                  set(
                    event.target.value === "s3"
                      ? { kind: "s3", tier: form.tier === "hot" ? "cold" : form.tier, location: "" }
                      : { kind: "local", location: "" },
                  )
                }
              >
                <option value="local">{t("storage.kinds.local")}</option>
                <option value="s3">{t("storage.kinds.s3")}</option>
              </Select>
            )}
          </Field>
          <Field label={t("storage.tier")} error={error("tier")}>
            {(control) => (
              <Select
                {...control}
                value={form.tier}
                onChange={(event) => set({ tier: TIERS.find((tier) => tier === event.target.value) ?? "hot" })}
              >
                {tiers.map((tier) => (
                  <option key={tier} value={tier}>
                    {t(`storage.tiers.${tier}`)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <p className="-mt-2 text-fg-muted text-xs">{t(`storage.tierHints.${form.tier}`)}</p>
        <Field
          label={s3 ? t("storage.bucket") : t("storage.folder")}
          error={error("location")}
          hint={holds ? t("storage.locationStays") : s3 ? t("storage.bucketHint") : t("storage.folderHint")}
        >
          {(control) => (
            <div className="flex gap-2">
              <Input
                {...control}
                required
                disabled={holds}
                maxLength={1024}
                spellCheck={false}
                autoCapitalize="off"
                placeholder={s3 ? "https://s3.example.org/recordings" : "/mnt/recordings"}
                value={form.location}
                onChange={(event) => set({ location: event.target.value })}
              />
              {!s3 && (
                <Button
                  busy={busy === "test"}
                  disabled={form.location.trim() === "" || busy !== undefined}
                  onClick={() => void test()}
                >
                  {t("storage.test")}
                </Button>
              )}
            </div>
          )}
        </Field>
        {tested !== undefined && <TestResult result={tested} />}
        {s3 && <BucketFields form={form} known={volume?.hasCredentials ?? false} set={set} error={error} />}
        <div className="grid grid-cols-2 gap-3">
          {!s3 && (
            <Field label={t("storage.reserve")} error={error("reserveBytes")} hint={t("storage.reserveHint")}>
              {(control) => (
                <Input
                  {...control}
                  type="number"
                  required
                  min={0}
                  step="any"
                  value={form.reserveGigabytes}
                  onChange={(event) => set({ reserveGigabytes: event.target.value })}
                />
              )}
            </Field>
          )}
          {form.tier !== "cold" && (
            <Field
              label={t("storage.moveAt")}
              optional={t("common.optional")}
              error={error("moveAtPercent")}
              hint={t("storage.moveAtHint")}
            >
              {(control) => (
                <Input
                  {...control}
                  type="number"
                  min={10}
                  max={99}
                  value={form.moveAtPercent}
                  onChange={(event) => set({ moveAtPercent: event.target.value })}
                />
              )}
            </Field>
          )}
          {form.tier !== "hot" && (
            <Field
              label={t("storage.moveRate")}
              optional={t("common.optional")}
              error={error("moveMbitPerSecond")}
              hint={t("storage.moveRateHint")}
            >
              {(control) => (
                <Input
                  {...control}
                  type="number"
                  min={1}
                  max={100_000}
                  placeholder="400"
                  value={form.moveMbitPerSecond}
                  onChange={(event) => set({ moveMbitPerSecond: event.target.value })}
                />
              )}
            </Field>
          )}
        </div>
        <SwitchRow
          label={t("storage.enabled")}
          hint={t("storage.enabledHint")}
          checked={form.enabled}
          onChange={(enabled) => set({ enabled })}
        />
        {failure !== undefined && (
          <p role="alert" className="text-danger text-sm">
            {errorText(t, failure)}
          </p>
        )}
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose} disabled={busy === "save"}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" variant="primary" busy={busy === "save"}>
            {volume === undefined ? t("common.add") : t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface BucketFieldsProps {
  readonly form: VolumeForm;
  /** Credentials are stored already. */
  readonly known: boolean;
  readonly set: (change: Partial<VolumeForm>) => void;
  readonly error: (field: string) => string | undefined;
}

function BucketFields({ form, known, set, error }: BucketFieldsProps): ReactNode {
  const { t } = useTranslation();
  const stays = known ? t("storage.keyStays") : undefined;
  return (
    <>
      <div className="grid grid-cols-2 gap-3">
        <Field label={t("storage.accessKey")} error={error("accessKeyId")} hint={stays}>
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              maxLength={256}
              value={form.accessKeyId}
              onChange={(event) => set({ accessKeyId: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("storage.secretKey")} error={error("secretAccessKey")} hint={stays}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="new-password"
              maxLength={256}
              value={form.secretAccessKey}
              onChange={(event) => set({ secretAccessKey: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field label={t("storage.region")} optional={t("common.optional")} error={error("region")}>
        {(control) => (
          <Input
            {...control}
            maxLength={40}
            placeholder="us-east-1"
            value={form.region}
            onChange={(event) => set({ region: event.target.value })}
          />
        )}
      </Field>
      <SwitchRow
        label={t("storage.pathStyle")}
        hint={t("storage.pathStyleHint")}
        checked={form.pathStyle}
        onChange={(pathStyle) => set({ pathStyle })}
      />
    </>
  );
}

function TestResult({ result }: { readonly result: VolumeTestResult }): ReactNode {
  const { t } = useTranslation();
  const { ok, problem, willBeMade, freeBytes, totalBytes, writeBytesPerSecond } = result;
  return (
    <div
      role="status"
      className={ok ? "rounded-md bg-ok-soft px-3 py-2 text-xs" : "rounded-md bg-danger-soft px-3 py-2 text-xs"}
    >
      <p className="font-medium">{ok ? t("storage.testOk") : t("storage.testFailed", { problem: problem ?? "" })}</p>
      {willBeMade && ok && <p>{t("storage.willBeMade")}</p>}
      {freeBytes !== null && totalBytes !== null && (
        <p>{t("storage.freeOf", { free: byteText(freeBytes), total: byteText(totalBytes) })}</p>
      )}
      {writeBytesPerSecond !== null && <p>{t("storage.writeSpeed", { rate: `${byteText(writeBytesPerSecond)}/s` })}</p>}
    </div>
  );
}
