import type { RecordingPolicy, ScopedPolicy } from "../../../shared/api/recording.ts";
import type { Camera } from "../../../shared/api/schemas.ts";
import {
  groupChain,
  originOf,
  type PolicyKey,
  type PolicySettings,
  type PolicyTarget,
  type PolicyValues,
  resolvePolicy,
} from "../../../shared/recording/policy.ts";
import { groupPath } from "../tree/build-tree.ts";

/** Settings being edited for one or several scopes at once, before they are saved. Pure. */

/** What was changed; null: inherit again. */
export type PolicyChanges = { readonly [K in PolicyKey]?: PolicyValues[K] | null };

/** `system:system`, `group:a/b`, `camera:<id>`: a scope in one word. */
export function targetKey({ scope, target }: PolicyTarget): string {
  return `${scope}:${target}`;
}

export function targetOf(key: string): PolicyTarget {
  const at = key.indexOf(":");
  const scope = key.slice(0, at);
  return { scope: scope === "group" || scope === "camera" ? scope : "system", target: key.slice(at + 1) };
}

/** The path by which policies name a camera's group. */
export function groupOf(camera: Pick<Camera, "group">): string {
  return groupPath(camera.group).join("/");
}

/** Scopes that say something about the target, outermost first, itself last. */
export function chainOf(target: PolicyTarget, cameras: ReadonlyMap<string, Camera>): PolicyTarget[] {
  if (target.scope === "system") return [target];
  if (target.scope === "group") return groupChain(target.target);
  const camera = cameras.get(target.target);
  return [...groupChain(camera === undefined ? "" : groupOf(camera)), target];
}

/** Cameras that inherit from the target, or are it. */
export function camerasBelow(target: PolicyTarget, cameras: readonly Camera[]): Camera[] {
  if (target.scope === "system") return [...cameras];
  if (target.scope === "camera") return cameras.filter(({ id }) => id === target.target);
  return cameras.filter((camera) => `${groupOf(camera)}/`.startsWith(`${target.target}/`));
}

/** All policies as they would be with the changes saved. Scopes that say nothing any more are left out. */
export function withChanges(
  policies: readonly ScopedPolicy[],
  targets: readonly PolicyTarget[],
  changes: PolicyChanges,
): ScopedPolicy[] {
  const keys = new Set(targets.map(targetKey));
  const others = policies.filter((policy) => !keys.has(targetKey(policy)));
  const changed = targets.map((target): ScopedPolicy => {
    const before = policies.find((policy) => targetKey(policy) === targetKey(target))?.policy ?? {};
    return { ...target, policy: said({ ...before, ...changes } as RecordingPolicy) };
  });
  return [...others, ...changed.filter(({ policy }) => Object.keys(policy).length > 0)];
}

/** Only what is set. */
function said(policy: RecordingPolicy): RecordingPolicy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== null && value !== undefined));
}

/** One setting of the scopes being edited, as it would be. */
export interface Setting<K extends PolicyKey> {
  /** undefined: the scopes differ. */
  readonly value: PolicySettings[K]["value"] | undefined;
  /** `default`, `system`, `group:<path>`, `camera`; undefined: the scopes differ. */
  readonly from: string | undefined;
  /** How many of the scopes say it themselves. */
  readonly own: number;
  /** What would be inherited; undefined: the scopes differ. */
  readonly inherited: PolicySettings[K]["value"] | undefined;
  readonly inheritedFrom: string | undefined;
  /** How many scopes below say something else. */
  readonly overriddenBelow: number;
  readonly changed: boolean;
}

export type SettingOrigin = Pick<Setting<PolicyKey>, "from" | "own" | "inheritedFrom" | "overriddenBelow" | "changed">;

export interface DraftParts {
  readonly policies: readonly ScopedPolicy[];
  readonly targets: readonly PolicyTarget[];
  readonly changes: PolicyChanges;
  readonly cameras: ReadonlyMap<string, Camera>;
}

export function setting<K extends PolicyKey>({ policies, targets, changes, cameras }: DraftParts, key: K): Setting<K> {
  const after = withChanges(policies, targets, changes);
  const views = targets.map((target) => {
    const chain = chainOf(target, cameras);
    const { value, from } = resolvePolicy(chain, after)[key];
    const above = resolvePolicy(chain.slice(0, -1), after)[key];
    return { value, from, own: from === originOf(target), inherited: above.value, inheritedFrom: above.from };
  });
  const below = new Set(targets.flatMap((target) => scopesBelow(target, after, cameras)));
  const overridden = after.filter((policy) => below.has(targetKey(policy)) && isSaid(policy.policy[key]));
  return {
    value: same(views.map(({ value }) => value)),
    from: same(views.map(({ from }) => from)),
    own: views.filter(({ own }) => own).length,
    inherited: same(views.map(({ inherited }) => inherited)),
    inheritedFrom: same(views.map(({ inheritedFrom }) => inheritedFrom)),
    overriddenBelow: overridden.length,
    changed: changes[key] !== undefined,
  };
}

function isSaid(value: unknown): boolean {
  return value !== null && value !== undefined;
}

/** The first where all are alike. */
function same<T>(values: readonly T[]): T | undefined {
  const [first] = values;
  const text = JSON.stringify(first);
  return values.every((value) => JSON.stringify(value) === text) ? first : undefined;
}

function scopesBelow(
  target: PolicyTarget,
  policies: readonly ScopedPolicy[],
  cameras: ReadonlyMap<string, Camera>,
): string[] {
  const own = targetKey(target);
  return policies
    .filter((policy) => targetKey(policy) !== own && chainOf(policy, cameras).some((one) => targetKey(one) === own))
    .map(targetKey);
}

/** True where saving would do something. */
export function isChanged(changes: PolicyChanges): boolean {
  return Object.values(changes).some((value) => value !== undefined);
}

/** A change taken back where it says what is saved already, for every scope. */
export function changeSetting<K extends PolicyKey>(
  parts: Omit<DraftParts, "cameras">,
  key: K,
  value: PolicyValues[K] | null,
): PolicyChanges {
  const { policies, targets, changes } = parts;
  const text = JSON.stringify(value);
  const isSaved = targets.every((target) => {
    const own = policies.find((policy) => targetKey(policy) === targetKey(target))?.policy[key] ?? null;
    return JSON.stringify(own) === text;
  });
  const { [key]: _before, ...rest } = changes;
  return isSaved ? rest : { ...rest, [key]: value };
}
