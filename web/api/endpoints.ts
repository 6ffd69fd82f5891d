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
}

const id = (value: string): string => encodeURIComponent(value);

/** Lists come bare or in an envelope (`items`, `cameras`, ...): the console needs the rows only. */
export function rows<T>(body: unknown): T[] {
  if (Array.isArray(body)) return body as T[];
  if (typeof body === "object" && body !== null) {
    const list = Object.values(body).find(Array.isArray);
    if (list !== undefined) return list as T[];
  }
  return [];
}

export function createApi(http: HttpClient): Api {
  const list = async <T>(path: string, signal: AbortSignal | undefined): Promise<T[]> =>
    rows<T>(await http.request<unknown>("GET", path, { signal }));
  return {
    authStatus: () => http.request("GET", "/auth/status"),
    liveConfig: () => http.request("GET", "/live/config"),
    systemStats: (signal) => http.request("GET", "/system/stats", { signal }),
    cameras: (signal) => list("/cameras", signal),
    createCamera: (body) => http.request("POST", "/cameras", { body }),
    updateCamera: (cameraId, body) => http.request("PATCH", `/cameras/${id(cameraId)}`, { body }),
    removeCamera: (cameraId) => http.request("DELETE", `/cameras/${id(cameraId)}`),
    probe: (body, signal) => http.request("POST", "/cameras/probe", { body, signal }),
    layouts: (signal) => list("/layouts", signal),
    createLayout: (body) => http.request("POST", "/layouts", { body }),
    updateLayout: (layoutId, body) => http.request("PUT", `/layouts/${id(layoutId)}`, { body }),
    removeLayout: (layoutId) => http.request("DELETE", `/layouts/${id(layoutId)}`),
    users: (signal) => list("/users", signal),
    createUser: (body) => http.request("POST", "/users", { body }),
    updateUser: (userId, body) => http.request("PATCH", `/users/${id(userId)}`, { body }),
    removeUser: (userId) => http.request("DELETE", `/users/${id(userId)}`),
  };
}
