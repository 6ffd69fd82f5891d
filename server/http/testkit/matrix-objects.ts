import type { Action } from "../../auth/policy.ts";
import { API_PREFIX } from "../api.ts";

/** One of each thing per camera, made by the administrator. */
export type SeededOf = Readonly<Record<"camera" | "bookmark" | "lock" | "case" | "export", string>>;

interface ObjectCell {
  readonly method: string;
  /** `{case}` and the like stand for what was seeded on the camera. */
  readonly path: string;
  /** All of these, on the camera. What somebody else made takes `evidence.supervise` to change. */
  readonly needs: readonly Action[];
  readonly body?: (of: SeededOf) => unknown;
  /** Whoever may, would take it from the others: only those who may not are asked to try. */
  readonly removes?: true;
}

const RANGE = { startMicros: 1_789_990_000_000_000, endMicros: 1_789_990_060_000_000 };
const at = (path: string): string => `${API_PREFIX}${path}`;
const CASE: readonly Action[] = ["evidence.manage", "archive.view"];
const OTHERS_CASE: readonly Action[] = [...CASE, "evidence.supervise"];
const BOOKMARK: readonly Action[] = ["bookmark.write", "archive.view", "evidence.supervise"];

/** Requests by the id of something that belongs to a camera: as good as the camera itself. */
export const OBJECT_CELLS: readonly ObjectCell[] = [
  { method: "GET", path: at("/cases/{case}"), needs: CASE },
  { method: "PATCH", path: at("/cases/{case}"), needs: CASE, body: () => ({ title: "matrix" }) },
  {
    method: "PUT",
    path: at("/cases/{case}"),
    needs: CASE,
    body: ({ camera }) => ({ title: "matrix", items: [{ cameraId: camera, ...RANGE }] }),
  },
  { method: "POST", path: at("/cases/{case}/notes"), needs: CASE, body: () => ({ text: "matrix" }) },
  {
    method: "POST",
    path: at("/cases/{case}/items"),
    needs: CASE,
    body: ({ camera }) => ({ items: [{ cameraId: camera, ...RANGE }] }),
  },
  { method: "POST", path: at("/cases/{case}/locks"), needs: CASE, body: () => ({ reason: "matrix" }) },
  { method: "POST", path: at("/cases/{case}/closed"), needs: CASE, body: () => ({ closed: false }) },
  { method: "DELETE", path: at("/cases/{case}"), needs: OTHERS_CASE, removes: true },
  {
    method: "PUT",
    path: at("/bookmarks/{bookmark}"),
    needs: BOOKMARK,
    body: ({ camera }) => ({ cameraId: camera, ...RANGE, title: "matrix" }),
  },
  { method: "DELETE", path: at("/bookmarks/{bookmark}"), needs: BOOKMARK, removes: true },
  {
    method: "POST",
    path: at("/evidence-locks/{lock}/release"),
    needs: OTHERS_CASE,
    body: () => ({ reason: "matrix" }),
    removes: true,
  },
  { method: "DELETE", path: at("/evidence-locks/{lock}"), needs: OTHERS_CASE, removes: true },
  { method: "GET", path: at("/exports/{export}"), needs: ["archive.export"] },
  { method: "GET", path: at("/exports/{export}/download"), needs: ["archive.export", "archive.view"] },
  {
    method: "POST",
    path: at("/exports/{export}/link"),
    needs: ["archive.export", "archive.view"],
    body: () => ({}),
  },
  {
    method: "DELETE",
    path: at("/exports/{export}"),
    needs: ["archive.export", "evidence.supervise"],
    removes: true,
  },
];

/** The id fills the placeholder of its kind. */
export function fillObject(path: string, of: SeededOf): string {
  return path.replace(/\{(camera|bookmark|lock|case|export)\}/g, (_, kind: keyof SeededOf) => of[kind]);
}

/** For somebody who may not, there is no such thing. */
export const OBJECT_REFUSALS: ReadonlySet<string> = new Set([
  "bookmark.not_found",
  "case.not_found",
  "evidence.lock_not_found",
  "export.not_found",
]);
