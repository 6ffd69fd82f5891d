import type { GrantScope } from "../../../../shared/api/access.ts";
import type { Camera } from "../../../../shared/api/schemas.ts";
import { buildTree, groupPath } from "../../tree/build-tree.ts";

export interface ScopeOption {
  readonly scope: GrantScope;
  readonly name: string;
  readonly depth: number;
  /** A place that no camera is at yet. */
  readonly fresh?: true;
}

/**
 * What a grant may hold on: the places and cameras that match, in the order of the tree. A search that names no place of the
 * tree offers itself as one: rights may be there before the first camera is.
 */
export function scopeOptions(cameras: readonly Camera[], query: string): ScopeOption[] {
  const options: ScopeOption[] = buildTree(cameras, query, new Set()).map((row) =>
    row.type === "group"
      ? { scope: { kind: "place", path: groupPath(row.path).join("/") }, name: row.name, depth: row.depth }
      : { scope: { kind: "camera", cameraId: row.camera.id }, name: row.camera.name, depth: row.depth },
  );
  const path = groupPath(query).join("/");
  if (path === "" || places(cameras).has(path.toLocaleLowerCase())) return options;
  return [...options, { scope: { kind: "place", path }, name: path, depth: 0, fresh: true }];
}

function places(cameras: readonly Camera[]): Set<string> {
  const found = new Set<string>();
  for (const { group } of cameras) {
    const parts = groupPath(group);
    for (let length = 1; length <= parts.length; length++) {
      found.add(parts.slice(0, length).join("/").toLocaleLowerCase());
    }
  }
  return found;
}
