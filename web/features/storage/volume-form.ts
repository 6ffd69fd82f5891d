import type { StorageVolume } from "../../../shared/api/recording.ts";
import type { VolumeBody } from "../../api/recording-endpoints.ts";

/** Fields of the volume dialog as typed, and what the server gets of them. Pure. */
export interface VolumeForm {
  readonly name: string;
  readonly kind: "local" | "s3";
  readonly tier: "hot" | "warm" | "cold";
  readonly location: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly reserveGigabytes: string;
  readonly moveAtPercent: string;
  readonly moveMbitPerSecond: string;
  readonly enabled: boolean;
}

const GIGABYTE = 1_000_000_000;

export function formOf(volume: StorageVolume | undefined): VolumeForm {
  return {
    name: volume?.name ?? "",
    kind: volume?.kind ?? "local",
    tier: volume?.tier ?? "hot",
    location: volume?.location ?? "",
    accessKeyId: "",
    secretAccessKey: "",
    region: volume?.region ?? "",
    pathStyle: volume?.pathStyle ?? true,
    reserveGigabytes: String((volume?.reserveBytes ?? 20 * GIGABYTE) / GIGABYTE),
    moveAtPercent: String(volume?.moveAtPercent ?? ""),
    moveMbitPerSecond: String(volume?.moveMbitPerSecond ?? ""),
    enabled: volume?.enabled ?? true,
  };
}

const numberOrNull = (text: string): number | null => (text.trim() === "" ? null : Number(text));

/** `priority`: behind what is there already. */
export function bodyOf(form: VolumeForm, priority: number): VolumeBody {
  const s3 = form.kind === "s3";
  const { name, kind, location, enabled } = form;
  return {
    name,
    kind,
    // A bucket cannot be written to as fast as cameras come in.
    tier: s3 && form.tier === "hot" ? "warm" : form.tier,
    location,
    enabled,
    priority,
    reserveBytes: Math.round(Number(form.reserveGigabytes || "0") * GIGABYTE),
    moveAtPercent: numberOrNull(form.moveAtPercent),
    moveMbitPerSecond: numberOrNull(form.moveMbitPerSecond),
    ...(s3 && form.accessKeyId !== "" ? { accessKeyId: form.accessKeyId } : {}),
    ...(s3 && form.secretAccessKey !== "" ? { secretAccessKey: form.secretAccessKey } : {}),
    ...(s3 && form.region !== "" ? { region: form.region } : {}),
    ...(s3 ? { pathStyle: form.pathStyle } : {}),
  };
}

/** A volume as it is, to be sent back with a change. */
export function bodyOfVolume(volume: StorageVolume, change: Partial<VolumeBody>): VolumeBody {
  return { ...bodyOf(formOf(volume), volume.priority), reserveBytes: volume.reserveBytes, ...change };
}

/** Volumes whose priority changes when one takes another's place within its tier, with the new priorities. */
export function reordered(
  volumes: readonly StorageVolume[],
  id: string,
  to: number,
): readonly { readonly volume: StorageVolume; readonly priority: number }[] {
  const moved = volumes.find((volume) => volume.id === id);
  if (moved === undefined) return [];
  const others = volumes.filter((volume) => volume !== moved);
  const order = [...others.slice(0, to), moved, ...others.slice(to)];
  return order
    .map((volume, place) => ({ volume, priority: place }))
    .filter(({ volume, priority }) => volume.priority !== priority);
}
