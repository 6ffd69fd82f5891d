import { z } from "zod";

/** GET /recording/usage: what recordings take, measured. Times in µs UTC. */

const micros = z.number().int();

export const cameraUsage = z.object({
  cameraId: z.uuid(),
  role: z.enum(["main", "sub"]),
  bytes: z.number(),
  firstMicros: micros,
  lastMicros: micros,
  bytesLastDay: z.number(),
  /** How long it was recorded within the last day: bytes by this is the rate while recording. */
  secondsLastDay: z.number(),
});
export type CameraUsage = z.infer<typeof cameraUsage>;

export const volumeUsage = z.object({
  volumeId: z.uuid(),
  bytes: z.number(),
  /** Of these, held by evidence locks. */
  lockedBytes: z.number(),
  bytesLastHour: z.number(),
  bytesLastDay: z.number(),
  firstMicros: micros,
  lastMicros: micros,
});
export type VolumeUsage = z.infer<typeof volumeUsage>;

export const storageUsage = z.object({
  /** Counted at most a minute before now. */
  atMicros: micros,
  cameras: z.array(cameraUsage),
  volumes: z.array(volumeUsage),
});
export type StorageUsage = z.infer<typeof storageUsage>;

/** POST /storage/volumes/test: what a place is like, before it is used. */
export const volumeTestRequest = z.object({
  location: z.string().trim().min(1).max(1024),
});
export const volumeTestResult = z.object({
  ok: z.boolean(),
  /** What is wrong, in the words of the system; null: nothing. */
  problem: z.string().nullable(),
  /** The folder is not there yet: it is made when the volume is added. */
  willBeMade: z.boolean(),
  totalBytes: z.number().nullable(),
  freeBytes: z.number().nullable(),
  /** Written and flushed. */
  writeBytesPerSecond: z.number().nullable(),
});
export type VolumeTestResult = z.infer<typeof volumeTestResult>;
