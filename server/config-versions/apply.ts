import { grantsBody, groupBody, membersBody, roleBody } from "../../shared/api/access.ts";
import type { ConfigSection } from "../../shared/api/config.ts";
import { CONFIG_SECRET } from "../../shared/api/config.ts";
import { serverPlace } from "../../shared/api/discovery.ts";
import { identitySettings, oidcProviderBody } from "../../shared/api/identity.ts";
import { keySchedule } from "../../shared/api/keys.ts";
import { policyScope, recordingPolicy, storageVolumeBody } from "../../shared/api/recording.ts";
import { createCameraRequest, layoutBody, updateUserRequest } from "../../shared/api/schemas.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { AccessControl } from "../access/create-access.ts";
import type { Archive } from "../archive/archive.ts";
import { can, type Principal } from "../auth/policy.ts";
import type { CameraService } from "../control/camera-service.ts";
import type { KeyAdmin } from "../control/key-admin.ts";
import type { LayoutService } from "../control/layout-service.ts";
import type { UserService } from "../control/user-service.ts";
import type { Orm } from "../db/database.ts";
import type { ConfigObjectChange } from "../db/schema/config-versions.ts";
import type { Identity } from "../identity/create-identity.ts";
import { requireMappingCovered, requireProviderCovered } from "../identity/oidc/mapping-rights.ts";
import { DEFAULT_ROTATION_DAYS } from "../keys/key-rotation.ts";
import type { ServerPlaces } from "../setup/server-place.ts";
import { type ConfigValue, isSecret, sameValue } from "./state.ts";

/** Those who own the objects: a roll-back goes through them, with the rights of whoever asked for it. */
export interface OwningServices {
  readonly orm: Orm;
  readonly cameras: CameraService;
  readonly archive: Archive;
  readonly layouts: LayoutService;
  readonly users: UserService;
  readonly access: AccessControl;
  readonly identity: Identity;
  readonly serverPlaces: ServerPlaces;
  readonly keyAdmin: KeyAdmin;
}

type Apply = (services: OwningServices, by: Principal, change: ConfigObjectChange) => Promise<string>;

/** Brings one object back. Resolves to the audit action that says what was done; throws what its service throws. */
export const APPLY: Readonly<Record<ConfigSection, Apply>> = {
  roles: applyRole,
  groups: applyGroup,
  users: applyUser,
  cameras: applyCamera,
  storage: applyVolume,
  recording: applyPolicy,
  layouts: applyLayout,
  providers: applyProvider,
  server: applyServer,
};

/** Fields that are to be another than they are. */
function differing(before: ConfigValue | null, after: ConfigValue): Record<string, unknown> {
  return Object.fromEntries(Object.entries(after).filter(([field, value]) => !sameValue(before?.[field], value)));
}

async function applyRole({ access: { roles } }: OwningServices, by: Principal, change: ConfigObjectChange) {
  const { id, before, after } = change;
  if (after === null) {
    await roles.remove(by, id);
    return "role.delete";
  }
  const body = roleBody.parse(after);
  if (before === null) {
    await roles.create(by, body, id);
    return "role.create";
  }
  await roles.update(by, id, body);
  return "role.update";
}

async function applyGroup({ access }: OwningServices, by: Principal, change: ConfigObjectChange) {
  const { id, before, after } = change;
  if (after === null) {
    await access.groups.remove(by, id);
    return "group.delete";
  }
  const news = differing(before, after);
  if (before === null) await access.groups.create(groupBody.parse(after), id);
  else if ("name" in news || "description" in news) await access.groups.update(id, groupBody.parse(after));
  // Members before grants: who gives a group rights gives them to all who are in it by then.
  if ("members" in news) {
    await access.groups.setMembers(by, id, membersBody.parse({ userIds: after.members }).userIds);
  }
  if ("grants" in news) await access.grants.replace(by, { groupId: id }, grantsBody.parse(after).grants);
  return before === null ? "group.create" : "group.update";
}

async function applyUser({ users, access }: OwningServices, by: Principal, change: ConfigObjectChange) {
  const { id, before, after } = change;
  if (before === null || after === null) throw new FluxError("config.not_possible", "accounts are made by hand");
  const news = differing(before, after);
  const plain = updateUserRequest.pick({ displayName: true, enabled: true, language: true }).parse(news);
  if (Object.keys(plain).length > 0) await users.update(by, id, plain, by.sessionId);
  if ("grants" in news) await access.grants.replace(by, { userId: id }, grantsBody.parse(after).grants);
  return "user.update";
}

async function applyCamera({ cameras }: OwningServices, by: Principal, change: ConfigObjectChange) {
  const { id, before, after } = change;
  if (after === null) {
    await cameras.remove(id);
    return "camera.delete";
  }
  const usable = ([, value]: [string, unknown]): boolean =>
    !isSecret(value) && !(typeof value === "string" && value.includes(CONFIG_SECRET));
  const news = Object.fromEntries(Object.entries(differing(before, after)).filter(usable));
  if (before === null) {
    await cameras.create(by, createCameraRequest.parse(news), id);
    return "camera.create";
  }
  await cameras.update(by, id, createCameraRequest.partial().parse(news));
  return "camera.update";
}

async function applyVolume({ archive: { volumes } }: OwningServices, _by: Principal, change: ConfigObjectChange) {
  const { id, before, after } = change;
  if (after === null) {
    await volumes.remove(id);
    return "storage.remove";
  }
  const { region, credentials: _secret, ...rest } = after;
  const body = storageVolumeBody.parse({ ...rest, ...(region === null ? {} : { region }) });
  if (before === null) {
    await volumes.create(body, id);
    return "storage.add";
  }
  await volumes.update(id, body);
  return "storage.change";
}

async function applyPolicy({ archive }: OwningServices, _by: Principal, change: ConfigObjectChange) {
  const [kind = "", target = ""] = change.id.split(/:(.*)/s);
  const scope = policyScope.parse(kind);
  if (change.after === null) await archive.policies.remove(scope, target);
  else await archive.policies.put({ scope, target, policy: recordingPolicy.parse(change.after) });
  archive.control.review();
  return change.after === null ? "recording.policy_removed" : "recording.policy";
}

async function applyLayout({ layouts }: OwningServices, by: Principal, change: ConfigObjectChange) {
  const { id, before, after } = change;
  if (after === null) {
    await layouts.remove(by, id);
    return "layout.delete";
  }
  const body = layoutBody.parse(after);
  if (before === null) {
    await layouts.create(by, body, id);
    return "layout.create";
  }
  await layouts.update(by, id, body);
  return "layout.update";
}

async function applyProvider(services: OwningServices, by: Principal, change: ConfigObjectChange) {
  const { orm, access, identity } = services;
  const { id, before, after } = change;
  if (before !== null) await requireProviderCovered(orm, access.groups, by, await identity.providers.row(id));
  if (after === null) {
    await identity.providers.remove(id);
    return "oidc.delete";
  }
  const { clientSecret, ...plain } = after;
  // Left out: it stays as it is.
  const gone = clientSecret === null && before !== null && before.clientSecret !== null;
  const body = oidcProviderBody.parse({ ...plain, ...(gone ? { clientSecret: null } : {}) });
  await requireMappingCovered(orm, access.groups, by, body);
  if (before === null) {
    await identity.providers.create(body, id);
    return "oidc.create";
  }
  await identity.providers.update(id, body);
  return "oidc.update";
}

async function applyServer(
  { identity, serverPlaces, keyAdmin }: OwningServices,
  by: Principal,
  change: ConfigObjectChange,
) {
  const { id, after } = change;
  if (id === "sign-in") {
    await identity.settings.put(identitySettings.parse(after ?? {}));
    return "identity.settings";
  }
  if (id === "keys") {
    if (!can(by, "key.manage")) throw new FluxError("auth.forbidden", "keys are not yours to manage");
    const { rotationDays } = keySchedule.parse(after ?? { rotationDays: DEFAULT_ROTATION_DAYS });
    await keyAdmin.schedule.setDays(rotationDays);
    return "key.schedule";
  }
  if (id !== "place" || after === null) throw new FluxError("config.not_possible", "this cannot be brought back");
  await serverPlaces.setPlace(serverPlace.parse(after));
  return "system.place";
}
