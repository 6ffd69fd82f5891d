import { createHash } from "node:crypto";
import {
  CONFIG_SECRET,
  CONFIG_SECTIONS,
  type ConfigSection,
  type RollbackNote,
  type RollbackStep,
} from "../../shared/api/config.ts";
import { canonicalJson } from "../audit/canonical.ts";
import type { ConfigObjectChange } from "../db/schema/config-versions.ts";
import { type ConfigValue, isSecret, sameValue } from "./state.ts";
import { toChange } from "./store.ts";

/** One object's way back: from how it is to how it shall be. */
export interface Step {
  readonly section: ConfigSection;
  /** What cannot be brought back is left out of `after`. */
  readonly change: ConfigObjectChange;
  readonly notes: readonly RollbackNote[];
  readonly skipped: boolean;
}

export interface Wanted {
  readonly section: ConfigSection;
  readonly change: ConfigObjectChange;
}

/** What others need comes first; what others need goes last. */
const ORDER: readonly ConfigSection[] = [
  "roles",
  "storage",
  "cameras",
  "recording",
  "users",
  "groups",
  "layouts",
  "providers",
  "server",
];

/** In the order in which they are to be done. `by`: whose layouts are whose; `users`: accounts that there are. */
export function planOf(wanted: readonly Wanted[], by: string, users: ReadonlySet<string>): Step[] {
  const steps = wanted.map((one) => stepOf(one, by, users));
  const rank = ({ section, change }: Step): number =>
    change.after === null ? 2 * CONFIG_SECTIONS.length - ORDER.indexOf(section) : ORDER.indexOf(section);
  return steps.sort((a, b) => rank(a) - rank(b));
}

function stepOf({ section, change }: Wanted, by: string, users: ReadonlySet<string>): Step {
  const { before, after } = change;
  if (section === "users" && before === null) return { section, change, notes: ["user_gone"], skipped: true };
  if (section === "users" && after === null) return { section, change, notes: ["user_stays"], skipped: true };
  if (after === null) return { section, change, notes: [], skipped: false };
  const notes = new Set<RollbackNote>();
  const possible = Object.fromEntries(
    Object.entries(after).map(([field, value]) => [field, possibleValue(section, field, before, value, notes)]),
  );
  if (section === "groups" && Array.isArray(possible.members)) {
    const there = possible.members.filter((id) => users.has(String(id)));
    if (there.length < possible.members.length) notes.add("user_gone");
    possible.members = there;
  }
  if (section === "layouts") {
    if (before === null && possible.owner !== by) notes.add("becomes_yours");
    possible.owner = before === null ? by : before.owner;
  }
  const skipped = before !== null && sameValue(before, possible);
  return { section, change: { ...change, after: possible }, notes: [...notes], skipped };
}

/** Secrets are not kept: what is there now stays. */
function possibleValue(
  section: ConfigSection,
  field: string,
  before: ConfigValue | null,
  value: unknown,
  notes: Set<RollbackNote>,
): unknown {
  const now = before?.[field] ?? null;
  const dotted = typeof value === "string" && value.includes(CONFIG_SECRET);
  if (sameValue(now, value)) return value;
  if (dotted && before === null) {
    notes.add("secret_missing");
    return withoutDotted(value);
  }
  // Those of a bucket can be replaced, not taken away.
  const kept = dotted || isSecret(value) || (isSecret(now) && section === "storage");
  if (!kept) return value;
  notes.add(now === null ? "secret_missing" : "secret_stays");
  return now;
}

function withoutDotted(url: string): string {
  const [path = "", query = ""] = url.split(/\?(.*)/s);
  const plain = query.split("&").filter((parameter) => !parameter.includes(CONFIG_SECRET));
  return plain.length === 0 ? path : `${path}?${plain.join("&")}`;
}

export function stepBody({ section, change, notes, skipped }: Step): RollbackStep {
  return { ...toChange(section, change), notes: [...notes], skipped };
}

/** Stands for exactly these steps. */
export function fingerprintOf(steps: readonly Step[]): string {
  return createHash("sha256").update(canonicalJson(steps)).digest("hex").slice(0, 32);
}
