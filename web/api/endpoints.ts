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
import type { HttpClient } from "./http-client.ts";

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
  readonly startMicros: number;
  readonly endMicros: number;
  readonly resolutionMicros: number;
}

export interface BookmarkQuery {
  readonly text?: string;
  readonly tag?: string;
  readonly cameraIds?: readonly string[];
}

export type EvidenceLockBody = z.input<typeof evidenceLockBody>;
export type ExportBody = z.input<typeof exportSpec>;

/** Every route of /api/v1 that the console uses, by name. */
export interface Api {
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

const id = (value: string): string => encodeURIComponent(value);

/** `?a=1&b=2`; what is undefined or empty is left out. */
function query(fields: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters}`;
}

export function createApi(http: HttpClient): Api {
  return {
    authStatus: () => http.request("GET", "/auth/status"),
    liveConfig: () => http.request("GET", "/live/config"),
    systemStats: (signal) => http.request("GET", "/system/stats", { signal }),
    cameras: (signal) => http.request("GET", "/cameras", { signal }),
    createCamera: (body) => http.request("POST", "/cameras", { body }),
    updateCamera: (cameraId, body) => http.request("PATCH", `/cameras/${id(cameraId)}`, { body }),
    removeCamera: (cameraId) => http.request("DELETE", `/cameras/${id(cameraId)}`),
    probe: (body, signal) => http.request("POST", "/cameras/probe", { body, signal }),
    layouts: (signal) => http.request("GET", "/layouts", { signal }),
    createLayout: (body) => http.request("POST", "/layouts", { body }),
    updateLayout: (layoutId, body) => http.request("PUT", `/layouts/${id(layoutId)}`, { body }),
    removeLayout: (layoutId) => http.request("DELETE", `/layouts/${id(layoutId)}`),
    timeline: ({ cameraIds, ...range }, signal) =>
      http.request("GET", `/timeline${query({ cameras: cameraIds.join(","), ...range })}`, { signal }),
    timelineDays: (cameraIds, month, timeZone, signal) =>
      http.request("GET", `/timeline/days${query({ cameras: cameraIds.join(","), month, timeZone })}`, { signal }),
    bookmarks: ({ cameraIds, ...search }, signal) =>
      http.request("GET", `/bookmarks${query({ ...search, cameras: cameraIds?.join(",") })}`, { signal }),
    createBookmark: (body) => http.request("POST", "/bookmarks", { body }),
    removeBookmark: (bookmarkId) => http.request("DELETE", `/bookmarks/${id(bookmarkId)}`),
    createEvidenceLock: (body) => http.request("POST", "/evidence-locks", { body }),
    exports: (signal) => http.request("GET", "/exports", { signal }),
    createExport: (body) => http.request("POST", "/exports", { body }),
    removeExport: (jobId) => http.request("DELETE", `/exports/${id(jobId)}`),
    exportLink: (jobId) => http.request("POST", `/exports/${id(jobId)}/link`),
    exportKey: (signal) => http.request("GET", "/export-key", { signal }),
    users: (signal) => http.request("GET", "/users", { signal }),
    createUser: (body) => http.request("POST", "/users", { body }),
    updateUser: (userId, body) => http.request("PATCH", `/users/${id(userId)}`, { body }),
    changePassword: (currentPassword, newPassword) =>
      http.request("POST", "/auth/password", { body: { currentPassword, newPassword } }),
    removeUser: (userId) => http.request("DELETE", `/users/${id(userId)}`),
  };
}
