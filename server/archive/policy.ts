import type { EffectivePolicy, RecordingPolicy, ScopedPolicy } from "../../shared/api/recording.ts";

type Settings = Omit<EffectivePolicy, "cameraId">;

/** What holds where nobody says anything. */
export const DEFAULT_POLICY: { readonly [K in keyof Settings]: Settings[K]["value"] } = {
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

/** Settings that apply to a camera, each with where it comes from: default < system < group, outermost first < camera. */
export function effectivePolicy(
  camera: { readonly id: string; readonly group: string },
  policies: readonly ScopedPolicy[],
): EffectivePolicy {
  const scopes: { readonly from: string; readonly policy: RecordingPolicy }[] = [];
  const add = (scope: ScopedPolicy["scope"], target: string, from: string): void => {
    const found = policies.find((entry) => entry.scope === scope && entry.target === target);
    if (found) scopes.push({ from, policy: found.policy });
  };
  add("system", "system", "system");
  for (const path of prefixes(camera.group)) add("group", path, `group:${path}`);
  add("camera", camera.id, "camera");
  const entries = Object.entries(DEFAULT_POLICY).map(([key, fallback]) => {
    const name = key as keyof RecordingPolicy;
    const scope = scopes.findLast(({ policy }) => policy[name] !== undefined && policy[name] !== null);
    return [key, scope ? { value: scope.policy[name], from: scope.from } : { value: fallback, from: "default" }];
  });
  return { cameraId: camera.id, ...(Object.fromEntries(entries) as Settings) };
}

/** `a/b/c`: `a`, `a/b`, `a/b/c`. */
function prefixes(group: string): string[] {
  const parts = group.split("/").filter((part) => part !== "");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
