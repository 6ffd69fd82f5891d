import { z } from "zod";
import { streamFormat } from "./schemas.ts";

const noControl = (text: string): boolean => !/\p{Cc}/u.test(text);

/** A device that may be a camera. Names are what it says of itself. */
export const discoveredCamera = z.object({
  address: z.string(),
  port: z.number().int(),
  name: z.string(),
  manufacturer: z.string(),
  model: z.string(),
  location: z.string(),
  /** How it was found: it answered a search for ONVIF devices, or an RTSP request. */
  source: z.enum(["onvif", "scan"]),
  /** There is a camera at this address already. */
  known: z.boolean(),
});
export type DiscoveredCamera = z.infer<typeof discoveredCamera>;

export const scanRequest = z.object({
  /** `192.168.1.0/24` or `192.168.1.10-192.168.1.40`: at most 1024 addresses of a private network. */
  range: z.string().min(7).max(64),
  port: z.number().int().min(1).max(65535).default(554),
});

export const findStreamsRequest = z.object({
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.number().int().min(1).max(65535).default(554),
  username: z.string().max(256).refine(noControl).optional(),
  password: z.string().max(256).refine(noControl).optional(),
  /** What the device says of itself: tells where to look first. */
  about: z.string().max(400).optional(),
});
export type FindStreamsRequest = z.infer<typeof findStreamsRequest>;

export const foundStreams = z.object({
  url: z.string(),
  subUrl: z.string().nullable(),
  format: streamFormat,
  /** First picture, Annex B, base64; empty where the caller may not see the camera live. */
  keyframe: z.string(),
});
export type FoundStreams = z.infer<typeof foundStreams>;

/** Where the server stands: what times of the day and the week mean. */
export const serverPlace = z.object({
  /** IANA name. */
  timeZone: z.string().min(1).max(64),
  /** For those who have not chosen one. */
  language: z.enum(["en", "ko"]),
});
export type ServerPlace = z.infer<typeof serverPlace>;

export const SETUP_STEPS = ["place", "storage", "cameras", "done"] as const;
export const setupProgress = z.object({
  /** The step to go on with; `done`: it is over. */
  step: z.enum(SETUP_STEPS),
  /** It was begun on this server: whoever is asked for it has not skipped it. */
  begun: z.boolean(),
});
export type SetupProgress = z.infer<typeof setupProgress>;
export const setupProgressBody = setupProgress.pick({ step: true });
