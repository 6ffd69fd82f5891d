import type { Action } from "../../auth/policy.ts";
import { API_PREFIX } from "../api.ts";
import type { MatrixWorld } from "./matrix-callers.ts";
import type { SeededOf } from "./matrix-objects.ts";

interface BodyCell {
  readonly method: string;
  readonly path: string;
  /** All of these, on the camera. */
  readonly needs: readonly Action[];
  readonly body?: (cameraId: string, which: "own" | "foreign") => unknown;
}

const RANGE = { startMicros: 1_789_990_000_000_000, endMicros: 1_789_990_060_000_000 };
const at = (path: string): string => `${API_PREFIX}${path}`;

/** Routes that learn from the body or the query which camera they are about. */
export const BODY_CELLS: readonly BodyCell[] = [
  { method: "GET", path: at("/recordings?camera={camera}"), needs: ["archive.view"] },
  { method: "GET", path: at(`/timeline?cameras={camera}&startMicros=1&endMicros=2`), needs: ["archive.view"] },
  { method: "GET", path: at("/timeline/days?cameras={camera}&month=2026-09"), needs: ["archive.view"] },
  {
    method: "GET",
    path: at("/timeline?cameras={camera}&detail={camera}&startMicros=1&endMicros=2"),
    needs: ["archive.view"],
  },
  {
    method: "GET",
    path: at("/timeline/marks/nearest?cameras={camera}&fromMicros=1&direction=next"),
    needs: ["archive.view"],
  },
  {
    method: "GET",
    path: at("/users/00000000-0000-4000-8000-000000000000/access?camera={camera}"),
    needs: ["user.manage", "camera.view"],
  },
  {
    method: "POST",
    path: at("/bookmarks"),
    needs: ["bookmark.write", "archive.view"],
    body: (cameraId) => ({ cameraId, ...RANGE, title: "matrix" }),
  },
  {
    method: "POST",
    path: at("/evidence-locks"),
    needs: ["evidence.manage", "archive.view"],
    body: (cameraId) => ({ cameraId, ...RANGE, reason: "matrix" }),
  },
  {
    method: "POST",
    path: at("/cases"),
    needs: ["evidence.manage", "archive.view"],
    body: (cameraId) => ({ title: "matrix", items: [{ cameraId, ...RANGE }] }),
  },
  {
    method: "POST",
    path: at("/exports"),
    needs: ["archive.export", "archive.view"],
    body: (cameraId) => ({ title: "matrix", format: "mp4", audio: false, items: [{ cameraId, ...RANGE }] }),
  },
  {
    method: "POST",
    path: at("/exports"),
    needs: ["archive.export", "archive.view", "audio.hear"],
    body: (cameraId) => ({ title: "with sound", format: "mkv", items: [{ cameraId, ...RANGE }] }),
  },
  {
    method: "POST",
    path: at("/exports"),
    needs: ["archive.export", "archive.view", "audio.hear"],
    body: (cameraId) => ({
      title: "sealed",
      format: "sealed",
      audio: false,
      passphrase: "correct horse battery staple",
      items: [{ cameraId, ...RANGE }],
    }),
  },
  {
    method: "POST",
    path: at("/layouts"),
    needs: ["layout.edit", "camera.view"],
    body: (cameraId) => ({ name: "matrix", kind: "1", cells: [cameraId] }),
  },
  {
    method: "POST",
    path: at("/cameras/probe"),
    needs: ["camera.probe", "camera.manage"],
    body: (cameraId) => ({ url: "rtsp://10.0.0.9/1", cameraId }),
  },
  {
    method: "POST",
    path: at("/cameras"),
    needs: ["camera.manage"],
    body: (_, which) => ({ name: "matrix", url: "rtsp://10.0.0.9/2", group: which === "own" ? "Seoul/Yard" : "Busan" }),
  },
  {
    method: "PATCH",
    path: at("/cameras/{camera}"),
    needs: ["camera.manage"],
    // Back to where it is: moving is shown on its own.
    body: (_, which) => ({ group: which === "own" ? "Seoul/Gate" : "Busan/Gate" }),
  },
];

interface ListCell {
  readonly path: string;
  /** Who gets a list at all. */
  readonly gate: Action;
  /** Who sees in it what belongs to a camera. */
  readonly shows: readonly Action[];
  readonly ids: (seeded: Seeded, which: "own" | "foreign") => string;
}

export type Seeded = Readonly<Record<"own" | "foreign", SeededOf>>;

/** Lists, and what they may show of whose camera. */
export const LIST_CELLS: readonly ListCell[] = [
  { path: at("/cameras"), gate: "camera.list", shows: ["camera.view"], ids: (of, which) => of[which].camera },
  { path: at("/bookmarks"), gate: "archive.view", shows: ["archive.view"], ids: (of, which) => of[which].bookmark },
  { path: at("/evidence-locks"), gate: "archive.view", shows: ["archive.view"], ids: (of, which) => of[which].lock },
  {
    path: at("/cases"),
    gate: "evidence.manage",
    shows: ["evidence.manage", "archive.view"],
    ids: (of, which) => of[which].case,
  },
  { path: at("/exports"), gate: "archive.export", shows: ["archive.export"], ids: (of, which) => of[which].export },
  { path: at("/recording/states"), gate: "archive.view", shows: ["camera.view"], ids: (of, which) => of[which].camera },
];

/** One of each thing per camera, made by the administrator. */
export async function seedLists({ server, own, foreign, callers }: MatrixWorld): Promise<Seeded> {
  const { evidence, exports, auth } = server.control;
  const administrator = callers.find(({ name }) => name === "administrator");
  const { principal: by } = await auth.verify((await administrator?.token()) ?? "");
  const seed = async (cameraId: string) => {
    const range = { cameraId, ...RANGE };
    const spec = { title: "seed", format: "mp4" as const, audio: false, watermark: false, reason: "" };
    const [bookmark, lock, one, made] = await Promise.all([
      evidence.bookmarks.create(by, { ...range, title: "seed", note: "", tags: [], colour: "blue" }),
      evidence.locks.create(by, { ...range, reason: "seed", expiresAt: null }),
      evidence.cases.create(by, { title: "seed", reference: "", items: [{ ...range, note: "" }] }),
      exports.create(by, { ...spec, items: [{ ...range, role: "main", note: "" }] }),
    ]);
    return { camera: cameraId, bookmark: bookmark.id, lock: lock.id, case: one.id, export: made.id };
  };
  return { own: await seed(own.id), foreign: await seed(foreign.id) };
}
