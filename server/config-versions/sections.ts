import type { ConfigSection } from "../../shared/api/config.ts";
import type { Action } from "../auth/policy.ts";
import { type ReadSection, readCameras, readLayouts, readRecording, readStorage } from "./read-devices.ts";
import { readGroups, readProviders, readRoles, readServer, readUsers } from "./read-people.ts";

export const READERS: Readonly<Record<ConfigSection, ReadSection>> = {
  roles: readRoles,
  groups: readGroups,
  users: readUsers,
  cameras: readCameras,
  storage: readStorage,
  recording: readRecording,
  layouts: readLayouts,
  providers: readProviders,
  server: readServer,
};

/** Besides `config.manage`, on the whole system: whoever sees a section's past may see and change its present. */
export const SECTION_ACTIONS: Readonly<Record<ConfigSection, Action>> = {
  roles: "user.manage",
  groups: "user.manage",
  users: "user.manage",
  cameras: "camera.manage",
  storage: "storage.manage",
  recording: "recording.manage",
  layouts: "layout.share",
  providers: "identity.manage",
  server: "identity.manage",
};

interface Touch {
  readonly section: ConfigSection;
  /** Only the object that the entry is about; else all of the section. */
  readonly targetOnly: boolean;
}

const one = (section: ConfigSection): Touch => ({ section, targetOnly: true });
const all = (section: ConfigSection): Touch => ({ section, targetOnly: false });

/** Sections that an audit action may have changed; the first is the one that it is about. */
export function touchedBy(action: string): readonly Touch[] {
  switch (action) {
    case "camera.create":
    case "camera.update":
      return [one("cameras")];
    case "camera.delete":
      // With its own settings, and what was granted on it.
      return [one("cameras"), all("recording"), all("users"), all("groups")];
    case "recording.policy":
    case "recording.policy_removed":
      return [all("recording")];
    case "storage.add":
    case "storage.change":
    case "storage.remove":
      return [all("storage")];
    case "layout.create":
    case "layout.update":
    case "layout.delete":
      return [one("layouts")];
    case "user.create":
    case "user.update":
    case "grant.user":
      return [one("users")];
    case "user.delete":
      return [one("users"), all("groups"), all("layouts")];
    case "auth.setup":
      return [all("users")];
    case "group.create":
    case "group.update":
    case "group.members":
    case "group.delete":
    case "grant.group":
      return [one("groups")];
    case "role.create":
    case "role.update":
    case "role.delete":
      return [one("roles")];
    case "oidc.create":
    case "oidc.update":
    case "oidc.delete":
      return [one("providers")];
    case "identity.settings":
    case "system.place":
    case "key.schedule":
      return [all("server")];
    default:
      return [];
  }
}
