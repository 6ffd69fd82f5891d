import type { z } from "zod";
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
  users(signal?: AbortSignal): Promise<User[]>;
  createUser(body: CreateUser): Promise<User>;
  updateUser(id: string, body: UpdateUser): Promise<User>;
  removeUser(id: string): Promise<void>;
  /** The own password. Ends the user's other sessions. */
  changePassword(currentPassword: string, newPassword: string): Promise<void>;
}

const id = (value: string): string => encodeURIComponent(value);

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
    users: (signal) => http.request("GET", "/users", { signal }),
    createUser: (body) => http.request("POST", "/users", { body }),
    updateUser: (userId, body) => http.request("PATCH", `/users/${id(userId)}`, { body }),
    changePassword: (currentPassword, newPassword) =>
      http.request("POST", "/auth/password", { body: { currentPassword, newPassword } }),
    removeUser: (userId) => http.request("DELETE", `/users/${id(userId)}`),
  };
}
