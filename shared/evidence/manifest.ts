import { z } from "zod";

/** `manifest.json` of an export package: docs/evidence.md. Times: µs since the Unix epoch, UTC. */
export const MANIFEST_FILE = "manifest.json";
export const SIGNATURE_FILE = "manifest.sig";
export const KEYS_FILE = "keys.json";
export const MANIFEST_VERSION = 1;
/** Larger ones are no manifest of ours: 100 items with their files and gaps stay far below. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

const count = z.number().int().min(0);
const micros = z.number().int();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Relative, with `/`, no empty or dotted parts: names a file below the package and nothing else. */
export const packagePath = z.string().min(1).max(240).refine(isPlainPath, "not a plain relative path");

const gap = z.object({ startMicros: micros, endMicros: micros, reason: z.string().max(60), frames: count });
export type ManifestGap = z.infer<typeof gap>;

const manifestItem = z.object({
  cameraId: z.string().max(64),
  cameraName: z.string().max(400),
  role: z.enum(["main", "sub"]),
  requested: z.object({ startMicros: micros, endMicros: micros, start: z.string(), end: z.string() }),
  /** From the keyframe at or before the requested start; null: there was no footage. */
  contained: z.object({ startMicros: micros, endMicros: micros, start: z.string(), end: z.string() }).nullable(),
  note: z.string(),
  gaps: z.array(gap),
  files: z.array(packagePath),
});
export type ManifestItem = z.infer<typeof manifestItem>;

const media = z.object({
  item: count,
  codec: z.string().max(20),
  width: count,
  height: count,
  /** Capture time of the first picture, and of the last one plus its duration. */
  startMicros: micros,
  endMicros: micros,
  /** By the stream's own timeline, from first to last picture, the last one's duration included. */
  durationMicros: count,
  frames: count,
  keyframes: count,
  audioFrames: count,
  audioCodec: z.string().max(20).nullable(),
});
export type ManifestMedia = z.infer<typeof media>;

const manifestFile = z.object({
  name: packagePath,
  /** `media`: plays anywhere. `segment`: still sealed. `keys`: opens segments. `document`: for people. */
  kind: z.enum(["media", "segment", "keys", "document"]),
  bytes: count,
  sha256,
  media: media.nullable(),
});
export type ManifestFile = z.infer<typeof manifestFile>;

export const manifest = z.object({
  kind: z.literal("fluxvision-export"),
  version: z.literal(MANIFEST_VERSION),
  id: z.string().max(64),
  title: z.string().max(400),
  createdAt: z.string().max(40),
  product: z.object({ name: z.string().max(100), version: z.string().max(100) }),
  server: z.object({ id: z.string().max(100) }),
  exporter: z.object({ name: z.string().max(400) }),
  reason: z.string().max(4000),
  case: z.object({ id: z.string(), title: z.string(), reference: z.string() }).nullable(),
  format: z.enum(["mp4", "mkv", "sealed"]),
  watermark: z.boolean(),
  items: z.array(manifestItem).max(1000),
  files: z.array(manifestFile).max(100_000),
});
export type Manifest = z.infer<typeof manifest>;

export function isPlainPath(path: string): boolean {
  return path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\p{Cc}]/u.test(part));
}
