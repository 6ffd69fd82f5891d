import type { Micros } from "../../shared/lib/time.ts";
import { deriveKey } from "./aria.ts";

/** Ten minutes of video under one key. Days hold a whole number of epochs, so an epoch has exactly one DEK. */
export const EPOCH_SECONDS = 600;
const EPOCHS_PER_DAY = 86_400 / EPOCH_SECONDS;

export function epochAt(instant: Micros): number {
  return Math.floor(instant / (EPOCH_SECONDS * 1_000_000));
}

/** UTC day of an epoch as `YYYY-MM-DD`. */
export function dayOfEpoch(epoch: number): string {
  return new Date(epoch * EPOCH_SECONDS * 1000).toISOString().slice(0, 10);
}

/** First epoch of the day after the given epoch's. */
export function nextDayEpoch(epoch: number): number {
  return (Math.floor(epoch / EPOCHS_PER_DAY) + 1) * EPOCHS_PER_DAY;
}

/** HKDF-SHA-256(DEK, generation salt, "fluxvision epoch v1" | u32 epoch | u32 generation | camera id), big-endian. */
export function deriveEpochKey(
  dek: Uint8Array,
  generationSalt: Uint8Array,
  epoch: number,
  generation: number,
  cameraId: string,
): Uint8Array {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(epoch, 0);
  numbers.writeUInt32BE(generation, 4);
  const info = Buffer.concat([Buffer.from("fluxvision epoch v1"), numbers, Buffer.from(cameraId, "utf8")]);
  return deriveKey(dek, generationSalt, info);
}
