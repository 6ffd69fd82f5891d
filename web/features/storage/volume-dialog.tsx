import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { VolumeTestResult } from "../../../shared/api/storage-usage.ts";
import { fieldMessage, isAtField } from "../../api/api-error.ts";
import { FormDialog } from "../../app/form-dialog.tsx";
import { useServices } from "../../app/services.ts";
import { useSubmit } from "../../app/use-submit.ts";
import { Button } from "../../ui/button.tsx";
import { Field, Input, Select, TextField } from "../../ui/field.tsx";
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
/** Fields that say themselves what is wrong with them. */
const FIELDS = [
  ...["name", "tier", "location", "accessKeyId", "secretAccessKey", "region"],
  ...["reserveBytes", "moveAtPercent", "moveMbitPerSecond"],
];

/** A folder or bucket for recordings. A folder can be tried before it is used. */
export function VolumeDialog({ volume, priority, onClose }: VolumeDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => formOf(volume));
  const [tested, setTested] = useState<VolumeTestResult>();
  const saving = useSubmit(async () => {
    const body = bodyOf(draft, volume?.priority ?? priority);
    if (volume === undefined) await api.createVolume(body);
    else await api.updateVolume(volume.id, body);
    await queries.invalidateQueries({ queryKey: recordingKeys.volumes });
    toast.success(volume === undefined ? t("storage.added") : t("storage.changed"));
    onClose();
  });
  const testing = useSubmit(async () => setTested(await api.testFolder(draft.location)));
  const set = (change: Partial<VolumeForm>): void => {
    setDraft((before) => ({ ...before, ...change }));
    for (const form of [saving, testing]) form.clearError();
    if (change.location !== undefined || change.kind !== undefined) setTested(undefined);
  };
  const s3 = draft.kind === "s3";
  const holds = (volume?.segments ?? 0) > 0;
  const tiers = s3 ? TIERS.filter((tier) => tier !== "hot") : TIERS;

  const failure = saving.error ?? testing.error;
  const error = (field: string): string | undefined => fieldMessage(failure, field);

  return (
    <FormDialog
      form={{ ...saving, error: failure }}
      title={volume === undefined ? t("storage.add") : t("storage.edit", { name: volume.name })}
      action={volume === undefined ? t("common.add") : t("common.save")}
      ready={!testing.busy}
      atField={isAtField(failure, FIELDS)}
      onClose={onClose}
    >
      <TextField
        label={t("common.name")}
        error={error("name")}
        required
        autoFocus
        maxLength={100}
        value={draft.name}
        onChange={(name) => set({ name })}
      />
      <div className="grid grid-cols-2 gap-3">
        <Field label={t("storage.kind")}>
          {(control) => (
            <Select
              {...control}
              disabled={holds}
              value={draft.kind}
              onChange={(event) =>
                set(
                  event.target.value === "s3"
                    ? { kind: "s3", tier: draft.tier === "hot" ? "cold" : draft.tier, location: "" }
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
              value={draft.tier}
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
      <p className="-mt-2 text-fg-muted text-xs">{t(`storage.tierHints.${draft.tier}`)}</p>
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
              value={draft.location}
              onChange={(event) => set({ location: event.target.value })}
            />
            {!s3 && (
              <Button
                busy={testing.busy}
                disabled={draft.location.trim() === "" || saving.busy}
                onClick={() => void testing.submit()}
              >
                {t("storage.test")}
              </Button>
            )}
          </div>
        )}
      </Field>
      {tested !== undefined && <TestResult result={tested} />}
      {s3 && <BucketFields draft={draft} known={volume?.hasCredentials ?? false} set={set} error={error} />}
      <div className="grid grid-cols-2 gap-3">
        {!s3 && (
          <TextField
            label={t("storage.reserve")}
            error={error("reserveBytes")}
            hint={t("storage.reserveHint")}
            type="number"
            required
            min={0}
            step="any"
            value={draft.reserveGigabytes}
            onChange={(reserveGigabytes) => set({ reserveGigabytes })}
          />
        )}
        {draft.tier !== "cold" && (
          <TextField
            label={t("storage.moveAt")}
            optional={t("common.optional")}
            error={error("moveAtPercent")}
            hint={t("storage.moveAtHint")}
            type="number"
            min={10}
            max={99}
            value={draft.moveAtPercent}
            onChange={(moveAtPercent) => set({ moveAtPercent })}
          />
        )}
        {draft.tier !== "hot" && (
          <TextField
            label={t("storage.moveRate")}
            optional={t("common.optional")}
            error={error("moveMbitPerSecond")}
            hint={t("storage.moveRateHint")}
            type="number"
            min={1}
            max={100_000}
            placeholder="400"
            value={draft.moveMbitPerSecond}
            onChange={(moveMbitPerSecond) => set({ moveMbitPerSecond })}
          />
        )}
      </div>
      <SwitchRow
        label={t("storage.enabled")}
        hint={t("storage.enabledHint")}
        checked={draft.enabled}
        onChange={(enabled) => set({ enabled })}
      />
    </FormDialog>
  );
}

interface BucketFieldsProps {
  readonly draft: VolumeForm;
  /** Credentials are stored already. */
  readonly known: boolean;
  readonly set: (change: Partial<VolumeForm>) => void;
  readonly error: (field: string) => string | undefined;
}

function BucketFields({ draft, known, set, error }: BucketFieldsProps): ReactNode {
  const { t } = useTranslation();
  const stays = known ? t("storage.keyStays") : undefined;
  return (
    <>
      <div className="grid grid-cols-2 gap-3">
        <TextField
          label={t("storage.accessKey")}
          error={error("accessKeyId")}
          hint={stays}
          autoComplete="off"
          maxLength={256}
          value={draft.accessKeyId}
          onChange={(accessKeyId) => set({ accessKeyId })}
        />
        <TextField
          label={t("storage.secretKey")}
          error={error("secretAccessKey")}
          hint={stays}
          type="password"
          autoComplete="new-password"
          maxLength={256}
          value={draft.secretAccessKey}
          onChange={(secretAccessKey) => set({ secretAccessKey })}
        />
      </div>
      <TextField
        label={t("storage.region")}
        optional={t("common.optional")}
        error={error("region")}
        maxLength={40}
        placeholder="us-east-1"
        value={draft.region}
        onChange={(region) => set({ region })}
      />
      <SwitchRow
        label={t("storage.pathStyle")}
        hint={t("storage.pathStyleHint")}
        checked={draft.pathStyle}
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
