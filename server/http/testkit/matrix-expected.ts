import type { Action } from "../../auth/policy.ts";

/** Who asks, in one letter by role: administrator, supervisor, operator, viewer, program (api-only), custom role, token. */
export type RoleLetter = "A" | "S" | "O" | "V" | "P" | "C" | "T";

export interface MatrixIdentity {
  readonly name: string;
  /** Undefined: nobody who is signed in (anonymous, disabled). `N`: signed in without any right. */
  readonly role: RoleLetter | "N" | undefined;
  /** Where the role is held. `site`: on the place of the own camera, or on that camera alone. */
  readonly scope: "system" | "site" | "none";
}

type Expectation =
  /** On cameras: within the scope for those with one of the letters. */
  | readonly ["camera", string]
  /** On the system as a whole: only where the role is held on the system. */
  | readonly ["system", string]
  | readonly ["signed-in"]
  /** Signed in, and no token. */
  | readonly ["person"];

/** Written out by hand, not derived from the code: who may do what. */
const EXPECTED: Readonly<Record<Action, Expectation>> = {
  "session.own": ["person"],
  "token.own": ["person"],
  "camera.list": ["signed-in"],
  "layout.use": ["signed-in"],
  "layout.edit": ["person"],
  "live.connect": ["signed-in"],
  "camera.view": ["camera", "ASOVPCT"],
  "live.view": ["camera", "ASOVPCT"],
  "audio.hear": ["camera", "ASOV"],
  "ptz.control": ["camera", "ASO"],
  "alarm.acknowledge": ["camera", "ASO"],
  "archive.view": ["camera", "ASOVP"],
  "archive.export": ["camera", "ASOP"],
  "bookmark.write": ["camera", "ASOP"],
  "evidence.manage": ["camera", "ASO"],
  "evidence.supervise": ["camera", "AS"],
  "recording.trigger": ["camera", "ASOP"],
  "recording.emergency": ["system", "ASOP"],
  "camera.manage": ["camera", "AC"],
  "camera.probe": ["camera", "AC"],
  "camera.discover": ["system", "A"],
  "layout.share": ["system", "ASO"],
  "layout.manage": ["system", "AS"],
  "system.read": ["system", "ASOP"],
  "audit.read": ["system", "AS"],
  "recording.manage": ["system", "A"],
  "storage.manage": ["system", "A"],
  "token.manage": ["system", "A"],
  "device.manage": ["system", "A"],
  "user.manage": ["system", "A"],
  "session.manage": ["system", "A"],
  "key.manage": ["system", "A"],
  "key.export": ["system", "A"],
  "identity.manage": ["system", "A"],
  "config.manage": ["system", "A"],
  "system.manage": ["system", "A"],
};

/** `camera`: the one that the action is about; undefined: none is named. */
export function expectedToMay(who: MatrixIdentity, action: Action, camera: "own" | "foreign" | undefined): boolean {
  const { role, scope } = who;
  if (role === undefined) return false;
  const [kind, letters = ""] = EXPECTED[action];
  if (kind === "signed-in") return true;
  if (kind === "person") return role !== "T";
  const has = letters.includes(role);
  if (kind === "system") return has && scope === "system";
  return has && (scope === "system" || camera !== "foreign");
}
