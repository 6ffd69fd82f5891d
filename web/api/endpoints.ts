import type { z } from "zod";
import type {
  Bookmark,
  bookmarkBody,
  EvidenceLock,
  ExportJob,
  evidenceLockBody,
  exportSpec,
  Timeline,
  timelineDays,
} from "../../shared/api/recording.ts";
import type {
  authStatus,
  Camera,
  createCameraRequest,
  createUserRequest,
  Layout,
  LiveConfig,
  layoutBody,
  ProbeResponse,
  probeRequest,
  SystemStats,
  User,
  updateCameraRequest,
  updateUserRequest,
} from "../../shared/api/schemas.ts";
import type { MarkDirection, MarkKind, NearestMark } from "../../shared/api/timeline-marks.ts";
import { type AccessApi, createAccessApi } from "./access-endpoints.ts";
import type { HttpClient } from "./http-client.ts";
import { createIdentityApi, type IdentityApi } from "./identity-endpoints.ts";
import { createRecordingApi, type RecordingApi } from "./recording-endpoints.ts";
import { createSetupApi, type SetupApi } from "./setup-endpoints.ts";
import { createTokenApi, type TokenApi } from "./token-endpoints.ts";
import { createTrustApi, type TrustApi } from "./trust-endpoints.ts";
import { createTypedClient, data, given } from "./typed-client.ts";

export type AuthStatus = z.infer<typeof authStatus>;
export type CreateCamera = z.infer<typeof createCameraRequest>;
export type UpdateCamera = z.infer<typeof updateCameraRequest>;
export type ProbeRequest = z.infer<typeof probeRequest>;
export type CreateUser = z.infer<typeof createUserRequest>;
export type UpdateUser = z.infer<typeof updateUserRequest>;
export type LayoutBody = z.infer<typeof layoutBody>;
export type TimelineDays = z.infer<typeof timelineDays>;
export type BookmarkBody = z.input<typeof bookmarkBody>;

/** µs UTC. */
export interface TimelineQuery {
  readonly cameraIds: readonly string[];
  /** Whose gaps and events are wanted one by one; default: every camera's. */
  readonly detail?: readonly string[];
  readonly startMicros: number;
  readonly endMicros: number;
  readonly resolutionMicros: number;
}

/** Where to look for the nearest mark. */
export interface MarkQuery {
  readonly cameraIds: readonly string[];
  readonly fromMicros: number;
  readonly direction: MarkDirection;
  /** Default: all. */
  readonly kinds?: readonly MarkKind[];
}

export interface BookmarkQuery {
  readonly text?: string;
  readonly tag?: string;
  readonly cameraIds?: readonly string[];
  readonly startMicros?: number;
  readonly endMicros?: number;
}

export type EvidenceLockBody = z.input<typeof evidenceLockBody>;
export type ExportBody = z.input<typeof exportSpec>;

/** Every route of /api/v1 that the console uses, by name. */
export interface Api extends RecordingApi, IdentityApi, SetupApi, TrustApi, AccessApi, TokenApi {
  authStatus(): Promise<AuthStatus>;
  liveConfig(): Promise<LiveConfig>;
  systemStats(signal?: AbortSignal): Promise<SystemStats>;
  cameras(signal?: AbortSignal): Promise<Camera[]>;
  createCamera(body: CreateCamera): Promise<Camera>;
  updateCamera(id: string, body: UpdateCamera): Promise<Camera>;
  removeCamera(id: string): Promise<void>;
  probe(body: ProbeRequest, signal?: AbortSignal): Promise<ProbeResponse>;
  layouts(signal?: AbortSignal): Promise<Layout[]>;
  createLayout(body: LayoutBody): Promise<Layout>;
  updateLayout(id: string, body: LayoutBody): Promise<Layout>;
  removeLayout(id: string): Promise<void>;
  timeline(query: TimelineQuery, signal?: AbortSignal): Promise<Timeline>;
  /** The very next or last one, not merged with others. */
  nearestMark(query: MarkQuery, signal?: AbortSignal): Promise<NearestMark>;
  /** `month`: YYYY-MM. */
  timelineDays(
    cameraIds: readonly string[],
    month: string,
    timeZone: string,
    signal?: AbortSignal,
  ): Promise<TimelineDays>;
  /** Newest first. */
  bookmarks(query: BookmarkQuery, signal?: AbortSignal): Promise<Bookmark[]>;
  createBookmark(body: BookmarkBody): Promise<Bookmark>;
  removeBookmark(id: string): Promise<void>;
  createEvidenceLock(body: EvidenceLockBody): Promise<EvidenceLock>;
  /** Newest first. */
  exports(signal?: AbortSignal): Promise<ExportJob[]>;
  createExport(body: ExportBody): Promise<ExportJob>;
  /** Cancels one that is under way. */
  removeExport(id: string): Promise<void>;
  /** Good for five minutes. */
  exportLink(id: string): Promise<{ readonly url: string }>;
  exportKey(signal?: AbortSignal): Promise<{ readonly fingerprint: string }>;
  users(signal?: AbortSignal): Promise<User[]>;
  createUser(body: CreateUser): Promise<User>;
  updateUser(id: string, body: UpdateUser): Promise<User>;
  removeUser(id: string): Promise<void>;
  /** The own password. Ends the user's other sessions. */
  changePassword(currentPassword: string, newPassword: string): Promise<void>;
}

export function createApi(http: HttpClient): Api {
  const api = createTypedClient(http);
  return {
    ...createRecordingApi(http),
    ...createAccessApi(http),
    ...createTrustApi(http),
    ...createSetupApi(http),
    ...createTokenApi(http),
    ...createIdentityApi(http),
    authStatus: () => data(api.GET("/auth/status")),
    liveConfig: () => data(api.GET("/live/config")),
    systemStats: (signal) => data(api.GET("/system/stats", until(signal))),
    cameras: (signal) => data(api.GET("/cameras", until(signal))),
    createCamera: (body) => data(api.POST("/cameras", { body })),
    updateCamera: (id, body) => data(api.PATCH("/cameras/{id}", { ...at(id), body })),
    removeCamera: (id) => data(api.DELETE("/cameras/{id}", at(id))),
    probe: (body, signal) => data(api.POST("/cameras/probe", { body, ...until(signal) })),
    layouts: (signal) => data(api.GET("/layouts", until(signal))),
    createLayout: (body) => data(api.POST("/layouts", { body })),
    updateLayout: (id, body) => data(api.PUT("/layouts/{id}", { ...at(id), body })),
    removeLayout: (id) => data(api.DELETE("/layouts/{id}", at(id))),
    timeline: async ({ cameraIds, detail, ...range }, signal) => {
      const query = given({ cameras: cameraIds.join(","), ...range, detail: detail?.join(",") || (detail && "none") });
      // Pairs come out of the client's types as lists.
      return (await data(api.GET("/timeline", { params: { query }, ...until(signal) }))) as Timeline;
    },
    nearestMark: ({ cameraIds, kinds, ...where }, signal) => {
      const query = given({ ...where, cameras: cameraIds.join(","), kinds: kinds?.join(",") });
      return data(api.GET("/timeline/marks/nearest", { params: { query }, ...until(signal) }));
    },
    timelineDays: (cameraIds, month, timeZone, signal) => {
      const query = { cameras: cameraIds.join(","), month, timeZone };
      return data(api.GET("/timeline/days", { params: { query }, ...until(signal) }));
    },
    bookmarks: ({ cameraIds, ...search }, signal) => {
      const query = given({ ...search, cameras: cameraIds?.join(",") });
      return data(api.GET("/bookmarks", { params: { query }, ...until(signal) }));
    },
    createBookmark: (body) => data(api.POST("/bookmarks", { body })),
    removeBookmark: (id) => data(api.DELETE("/bookmarks/{id}", at(id))),
    createEvidenceLock: (body) => data(api.POST("/evidence-locks", { body })),
    exports: (signal) => data(api.GET("/exports", until(signal))),
    createExport: (body) => data(api.POST("/exports", { body })),
    removeExport: (id) => data(api.DELETE("/exports/{id}", at(id))),
    exportLink: (id) => data(api.POST("/exports/{id}/link", at(id))),
    exportKey: (signal) => data(api.GET("/export-key", until(signal))),
    users: (signal) => data(api.GET("/users", until(signal))),
    createUser: (body) => data(api.POST("/users", { body })),
    updateUser: (id, body) => data(api.PATCH("/users/{id}", { ...at(id), body })),
    removeUser: (id) => data(api.DELETE("/users/{id}", at(id))),
    changePassword: (currentPassword, newPassword) =>
      data(api.POST("/auth/password", { body: { currentPassword, newPassword } })),
  };
}

const at = (id: string) => ({ params: { path: { id } } });
const until = (signal: AbortSignal | undefined) => ({ signal: signal ?? null });
