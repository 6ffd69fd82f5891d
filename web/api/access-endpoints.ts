import type { z } from "zod";
import type {
  AccessRole,
  EffectiveAccess,
  GrantBody,
  grantBody as grantSchema,
  grants,
  groupBody,
  roleBody,
  UserGroup,
} from "../../shared/api/access.ts";
import type { HttpClient } from "./http-client.ts";

export type RoleBody = z.input<typeof roleBody>;
export type GroupBody = z.input<typeof groupBody>;
export type GrantInput = z.input<typeof grantSchema>;
type Grants = z.infer<typeof grants>;

/** Routes of roles, groups and what is granted. */
export interface AccessApi {
  roles(signal?: AbortSignal): Promise<AccessRole[]>;
  createRole(body: RoleBody): Promise<AccessRole>;
  updateRole(id: string, body: RoleBody): Promise<AccessRole>;
  removeRole(id: string): Promise<void>;
  groups(signal?: AbortSignal): Promise<UserGroup[]>;
  createGroup(body: GroupBody): Promise<UserGroup>;
  updateGroup(id: string, body: GroupBody): Promise<UserGroup>;
  removeGroup(id: string): Promise<void>;
  setGroupMembers(id: string, userIds: readonly string[]): Promise<UserGroup>;
  setGroupGrants(id: string, grants: readonly GrantInput[]): Promise<GrantBody[]>;
  setUserGrants(id: string, grants: readonly GrantInput[]): Promise<GrantBody[]>;
  /** Without a camera: on everything, and on each camera in short. */
  accessOf(userId: string, cameraId?: string, signal?: AbortSignal): Promise<EffectiveAccess>;
}

const at = (value: string): string => encodeURIComponent(value);

export function createAccessApi(http: HttpClient): AccessApi {
  const put = async (path: string, wanted: readonly GrantInput[]): Promise<GrantBody[]> =>
    (await http.request<Grants>("PUT", path, { body: { grants: wanted } })).grants;
  return {
    roles: (signal) => http.request("GET", "/roles", { signal }),
    createRole: (body) => http.request("POST", "/roles", { body }),
    updateRole: (id, body) => http.request("PUT", `/roles/${at(id)}`, { body }),
    removeRole: (id) => http.request("DELETE", `/roles/${at(id)}`),
    groups: (signal) => http.request("GET", "/groups", { signal }),
    createGroup: (body) => http.request("POST", "/groups", { body }),
    updateGroup: (id, body) => http.request("PATCH", `/groups/${at(id)}`, { body }),
    removeGroup: (id) => http.request("DELETE", `/groups/${at(id)}`),
    setGroupMembers: (id, userIds) => http.request("PUT", `/groups/${at(id)}/members`, { body: { userIds } }),
    setGroupGrants: (id, wanted) => put(`/groups/${at(id)}/grants`, wanted),
    setUserGrants: (id, wanted) => put(`/users/${at(id)}/grants`, wanted),
    accessOf: (id, cameraId, signal) =>
      http.request("GET", `/users/${at(id)}/access${cameraId === undefined ? "" : `?camera=${at(cameraId)}`}`, {
        signal,
      }),
  };
}
