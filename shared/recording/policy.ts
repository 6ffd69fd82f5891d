import type { EffectivePolicy, RecordingPolicy, ScopedPolicy } from "../api/recording.ts";

export type PolicySettings = Omit<EffectivePolicy, "cameraId">;
export type PolicyKey = keyof PolicySettings;
export type PolicyValues = { readonly [K in PolicyKey]: PolicySettings[K]["value"] };
export type PolicyTarget = Pick<ScopedPolicy, "scope" | "target">;

/** What holds where nobody says anything. */
export const DEFAULT_POLICY: PolicyValues = {
  mode: "continuous",
  streams: "main",
  audio: true,
  schedule: null,
  preRollSeconds: 5,
  postRollSeconds: 10,
  segmentSeconds: 60,
  retentionDays: 30,
  minimumDays: 0,
  maxBytes: null,
  warmAfterDays: null,
  coldAfterDays: null,
  volumeIds: null,
};

export const SYSTEM_TARGET: PolicyTarget = { scope: "system", target: "system" };

/** Settings that apply to a camera, each with where it comes from: default < system < group, outermost first < camera. */
export function effectivePolicy(
  camera: { readonly id: string; readonly group: string },
  policies: readonly ScopedPolicy[],
): EffectivePolicy {
  const chain = [...groupChain(camera.group), { scope: "camera" as const, target: camera.id }];
  return { cameraId: camera.id, ...resolvePolicy(chain, policies) };
}

/** The scopes that a group's cameras inherit from, outermost first: the system, `a`, `a/b` for `a/b`. */
export function groupChain(group: string): PolicyTarget[] {
  const parts = group
    .split("/")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return [
    SYSTEM_TARGET,
    ...parts.map((_, index) => ({ scope: "group" as const, target: parts.slice(0, index + 1).join("/") })),
  ];
}

/** The last scope of the chain that says something, for each setting. */
export function resolvePolicy(chain: readonly PolicyTarget[], policies: readonly ScopedPolicy[]): PolicySettings {
  const said = chain.flatMap(({ scope, target }) => {
    const found = policies.find((entry) => entry.scope === scope && entry.target === target);
    return found ? [{ from: originOf({ scope, target }), policy: found.policy }] : [];
  });
  const entries = Object.entries(DEFAULT_POLICY).map(([key, fallback]) => {
    const name = key as keyof RecordingPolicy;
    const scope = said.findLast(({ policy }) => policy[name] !== undefined && policy[name] !== null);
    return [key, scope ? { value: scope.policy[name], from: scope.from } : { value: fallback, from: "default" }];
  });
  return Object.fromEntries(entries) as PolicySettings;
}

/** How `from` names a scope: `system`, `group:<path>`, `camera`. */
export function originOf({ scope, target }: PolicyTarget): string {
  return scope === "group" ? `group:${target}` : scope;
}
