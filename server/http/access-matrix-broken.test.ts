import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Action, Principal } from "../auth/policy.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { walkMatrix } from "./testkit/access-matrix.ts";
import { createMatrixWorld, type MatrixWorld } from "./testkit/matrix-callers.ts";

type Can = (principal: Principal, action: Action, cameraId?: string) => boolean;

/** What is broken now: gets the true policy and may say something else. */
const broken = vi.hoisted(() => ({
  policy: undefined as ((real: Can, ...asked: Parameters<Can>) => boolean) | undefined,
}));

vi.mock("../auth/policy.ts", async (original) => {
  const real = await original<typeof import("../auth/policy.ts")>();
  const can: Can = (...asked) => broken.policy?.(real.can, ...asked) ?? real.can(...asked);
  return { ...real, can };
});

let server: TestServer;
let world: MatrixWorld;

beforeAll(async () => {
  server = await startTestServer();
  world = await createMatrixWorld(server);
}, 120_000);
afterAll(() => server.close());

interface Breakage {
  readonly what: string;
  readonly about: Action;
  readonly policy: (real: Can, principal: Principal, action: Action, cameraId?: string) => boolean;
  /** A cell that must be among those found. */
  readonly finds: RegExp;
}

const BREAKAGES: readonly Breakage[] = [
  {
    what: "whoever sees a camera may export it",
    about: "archive.export",
    policy: (real, principal, action, cameraId) =>
      real(principal, action === "archive.export" ? "archive.view" : action, cameraId),
    finds: /^POST \/api\/v1\/exports \(own\) as camera-viewer: must not/,
  },
  {
    what: "a right on one camera holds on all",
    about: "archive.view",
    policy: (real, principal, action, cameraId) =>
      action === "archive.view" ? real(principal, action) : real(principal, action, cameraId),
    finds: /^archived keys \(foreign\) as camera-viewer: must not/,
  },
  {
    what: "live pictures of every camera for who is signed in",
    about: "live.view",
    policy: (real, principal, action, cameraId) => action === "live.view" || real(principal, action, cameraId),
    finds: /^subscribe's keys \(own\) as no-rights: must not/,
  },
  {
    what: "sound with the picture",
    about: "audio.hear",
    policy: (real, principal, action, cameraId) =>
      real(principal, action === "audio.hear" ? "live.view" : action, cameraId),
    finds: /^subscribe's sound \(own\) as site-installer: must not/,
  },
  {
    what: "administrators of a site manage the users of the system",
    about: "user.manage",
    policy: (real, principal, action, cameraId) =>
      action === "user.manage" ? real(principal, "camera.manage", cameraId) : real(principal, action, cameraId),
    finds: /^POST \/api\/v1\/users \(no camera\) as site-administrator: must not/,
  },
  {
    what: "a token may do what its owner may",
    about: "evidence.manage",
    policy: (real, { limit: _, ...owner }, action, cameraId) => real(owner, action, cameraId),
    finds: /^POST \/api\/v1\/cases \(own\) as token for live: must not/,
  },
  {
    what: "supervisors take keys out",
    about: "key.export",
    policy: (real, principal, action, cameraId) =>
      real(principal, action === "key.export" ? "audit.read" : action, cameraId),
    finds: /^can key\.export \(no camera\) as supervisor: must not/,
  },
  {
    what: "operators cannot mark what they see",
    about: "bookmark.write",
    policy: (real, principal, action, cameraId) =>
      real(principal, action === "bookmark.write" ? "evidence.supervise" : action, cameraId),
    finds: /^POST \/api\/v1\/bookmarks \(own\) as operator: should/,
  },
];

it("finds nothing wrong with the policy as it is", async () => {
  const { cells, wrong } = await walkMatrix(world, ["archive.export", "user.manage"]);
  expect(cells).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
}, 120_000);

it.each(BREAKAGES)(
  "finds that $what",
  async ({ what, about, policy, finds }) => {
    broken.policy = policy;
    try {
      const { cells, wrong } = await walkMatrix(world, [about]);
      process.stdout.write(`broken policy (${what}): ${wrong.length} of ${cells} cells are wrong\n`);
      expect(
        wrong.find((line) => finds.test(line)),
        wrong.slice(0, 5).join("\n"),
      ).toBeDefined();
    } finally {
      broken.policy = undefined;
    }
  },
  120_000,
);
