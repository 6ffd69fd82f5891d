import { CAMERA_PERMISSIONS, type Permission } from "../../shared/api/access.ts";
import { type Access, FULL_ACCESS, type Grant, notCovered } from "../access/access.ts";

interface Rule {
  /** One of them is needed. */
  readonly anyOf: readonly Permission[];
  /** `camera`: held on the camera in question, or on any where none is named. `system`: held on everything. */
  readonly on: "camera" | "system";
  /** People may without it. */
  readonly people?: true;
}

/** Open to all who are signed in. `person`: programs with a token of theirs are no persons. */
type Open = "signed-in" | "person";

const camera = (...anyOf: Permission[]): Rule => ({ anyOf, on: "camera" });
const system = (...anyOf: Permission[]): Rule => ({ anyOf, on: "system" });

/** What every action needs. Routes and media messages name one of these; what is not listed is refused. */
const RULES = {
  "session.own": "person",
  "token.own": "person",
  "camera.list": "signed-in",
  "layout.use": "signed-in",
  /** Keep layouts of one's own: people do, programs that may share them too. */
  "layout.edit": { anyOf: ["layout.share"], on: "system", people: true },
  "live.connect": "signed-in",
  /** Know that the camera is there: any right on it. */
  "camera.view": camera(...CAMERA_PERMISSIONS),
  "live.view": camera("live.view"),
  "audio.hear": camera("audio.hear"),
  "ptz.control": camera("ptz.control"),
  "alarm.acknowledge": camera("alarm.acknowledge"),
  "archive.view": camera("archive.view"),
  "archive.export": camera("archive.export"),
  "bookmark.write": camera("bookmark.write"),
  "evidence.manage": camera("evidence.manage"),
  /** Change and remove what others made. */
  "evidence.supervise": camera("evidence.supervise"),
  "recording.trigger": camera("recording.trigger"),
  /** Every camera, at once. */
  "recording.emergency": system("recording.trigger"),
  "camera.manage": camera("camera.manage"),
  "camera.probe": camera("camera.manage"),
  /** Knocking at a whole network: not for whoever manages a few cameras in it. */
  "camera.discover": system("camera.manage"),
  "layout.share": system("layout.share"),
  "layout.manage": system("layout.manage"),
  "system.read": system("system.read"),
  "recording.manage": system("recording.manage"),
  "storage.manage": system("storage.manage"),
  "audit.read": system("audit.read"),
  "token.manage": system("token.manage"),
  "device.manage": system("token.manage"),
  "user.manage": system("user.manage"),
  "session.manage": system("user.manage"),
  "key.manage": system("key.manage"),
  "key.export": system("key.manage"),
  "identity.manage": system("system.manage"),
  "config.manage": system("system.manage"),
  "system.manage": system("system.manage"),
} as const satisfies Record<string, Rule | Open>;

/** Everything that somebody can try to do. */
export type Action = keyof typeof RULES;

export const ACTIONS = Object.keys(RULES) as readonly Action[];

/** What narrows a principal that is no person: never more than its owner may, and only this. */
export interface PrincipalLimit {
  readonly kind: "token" | "device";
  readonly id: string;
  readonly name: string;
  readonly actions: ReadonlySet<Action>;
  /** Left out: every camera of the owner. */
  readonly cameraIds?: ReadonlySet<string>;
  readonly layoutId?: string;
  /** Where it may be used; left out or empty: anywhere. */
  readonly networks?: readonly string[];
}

/** Who is asking, as of now: rights come from the database, not from the token. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  readonly username: string;
  readonly access: Access;
  readonly limit?: PrincipalLimit;
}

/**
 * The one place that decides. `cameraId` is given where the action concerns one camera; without it the answer is
 * whether the action is possible on any, and who asked looks at each camera. Whatever is not listed is refused.
 */
export function can(principal: Principal, action: Action, cameraId?: string): boolean {
  const { access, limit } = principal;
  if (limit !== undefined && !withinLimit(limit, action, cameraId)) return false;
  const rule: Rule | Open | undefined = Object.hasOwn(RULES, action) ? RULES[action] : undefined;
  if (rule === undefined) return false;
  if (rule === "signed-in") return true;
  if (rule === "person") return limit === undefined;
  if (rule.people && limit === undefined) return true;
  if (rule.on === "system") return rule.anyOf.some((permission) => access.system.has(permission));
  if (cameraId === undefined) return rule.anyOf.some((permission) => access.anywhere.has(permission));
  return rule.anyOf.some((permission) => access.holds(permission, cameraId));
}

/** As `can`, for a camera that is, or is to be, at a place ("": the top, which is the whole system's). */
export function canAt(principal: Principal, action: Action, path: string): boolean {
  const { access, limit } = principal;
  if (limit !== undefined && (!limit.actions.has(action) || limit.cameraIds !== undefined)) return false;
  const rule: Rule | Open | undefined = Object.hasOwn(RULES, action) ? RULES[action] : undefined;
  if (rule === undefined || typeof rule === "string") return false;
  return rule.anyOf.some((permission) =>
    path === "" || rule.on === "system" ? access.system.has(permission) : access.holdsAt(permission, path),
  );
}

/** The cameras on which an action is possible, for a query; undefined: all that there are and were. */
export function camerasFor(principal: Principal, action: Action): readonly string[] | undefined {
  if (!can(principal, action)) return [];
  const rule: Rule | Open = RULES[action];
  if (typeof rule === "string" || rule.on === "system")
    return principal.limit?.cameraIds && [...principal.limit.cameraIds];
  const lists = rule.anyOf.map((permission) => principal.access.cameras(permission));
  const within = principal.limit?.cameraIds;
  if (lists.includes(undefined)) return within && [...within];
  return [...new Set(lists.flatMap((list) => list ?? []))].filter((cameraId) => within?.has(cameraId) ?? true);
}

/** On all that there is and will be, deleted cameras included. */
export function canEverywhere(principal: Principal, action: Action): boolean {
  return principal.limit?.cameraIds === undefined && can(principal, action) && canAt(principal, action, "");
}

/**
 * Whether the principal itself holds all that a grant gives. Whoever gives a right, takes one away, or changes an
 * account that has it, needs this. Never a token or a device.
 */
export function covers(principal: Principal, grant: Grant): boolean {
  return principal.limit === undefined && notCovered(principal.access, grant) === undefined;
}

function withinLimit({ actions, cameraIds }: PrincipalLimit, action: Action, cameraId: string | undefined): boolean {
  return actions.has(action) && (cameraId === undefined || cameraIds === undefined || cameraIds.has(cameraId));
}

/** The server itself, where it does what people do through services. */
export const SERVER_PRINCIPAL: Principal = {
  userId: "00000000-0000-0000-0000-000000000000",
  sessionId: "",
  username: "system",
  access: FULL_ACCESS,
};
