import type { Camera } from "../../../shared/api/schemas.ts";

/** The resource tree as the flat list of rows that a virtual list draws. Pure. */

export interface GroupRow {
  readonly type: "group";
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly open: boolean;
  readonly total: number;
  readonly online: number;
}

export interface CameraRow {
  readonly type: "camera";
  readonly camera: Camera;
  readonly depth: number;
}

export type TreeRow = GroupRow | CameraRow;

interface Group {
  readonly path: string;
  readonly name: string;
  readonly groups: Map<string, Group>;
  readonly cameras: Camera[];
}

/** "Camera 2" before "Camera 10". */
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Segments of a group path; blank ones do not count ("/A//B/" is A, B). */
export function groupPath(group: string): string[] {
  return group
    .split("/")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Every word of the query must occur in the name or the group. */
export function matches(camera: Camera, query: string): boolean {
  const text = `${camera.name} ${camera.group}`.toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function grow(cameras: readonly Camera[]): Group {
  const root: Group = { path: "", name: "", groups: new Map(), cameras: [] };
  for (const camera of cameras) {
    let group = root;
    for (const name of groupPath(camera.group)) {
      let next = group.groups.get(name);
      if (next === undefined) {
        next = { path: `${group.path}/${name}`, name, groups: new Map(), cameras: [] };
        group.groups.set(name, next);
      }
      group = next;
    }
    group.cameras.push(camera);
  }
  return root;
}

const sortedGroups = (group: Group): Group[] =>
  [...group.groups.values()].sort((a, b) => collator.compare(a.name, b.name));
const sortedCameras = (group: Group): Camera[] => group.cameras.toSorted((a, b) => collator.compare(a.name, b.name));

export function isOnline(camera: Camera): boolean {
  return camera.status.state === "online" || camera.status.state === "degraded";
}

function count(group: Group): { total: number; online: number } {
  let total = group.cameras.length;
  let online = group.cameras.filter(isOnline).length;
  for (const child of group.groups.values()) {
    const inside = count(child);
    total += inside.total;
    online += inside.online;
  }
  return { total, online };
}

/** Groups first, then cameras, each by name. A search opens every group that has a match. */
export function buildTree(cameras: readonly Camera[], query: string, collapsed: ReadonlySet<string>): TreeRow[] {
  const wanted = query.trim();
  const rows: TreeRow[] = [];
  const walk = (group: Group, depth: number): void => {
    for (const child of sortedGroups(group)) {
      const open = wanted !== "" || !collapsed.has(child.path);
      rows.push({ type: "group", path: child.path, name: child.name, depth, open, ...count(child) });
      if (open) walk(child, depth + 1);
    }
    for (const camera of sortedCameras(group)) rows.push({ type: "camera", camera, depth });
  };
  walk(grow(wanted === "" ? cameras : cameras.filter((camera) => matches(camera, wanted))), 0);
  return rows;
}

/** The order of the tree, for filling a wall. */
export function inTreeOrder(cameras: readonly Camera[]): Camera[] {
  return buildTree(cameras, "", new Set()).flatMap((row) => (row.type === "camera" ? [row.camera] : []));
}
