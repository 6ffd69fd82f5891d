import { describe, expect, it } from "vitest";
import { type GrantScope, PERMISSIONS, type Permission } from "../../shared/api/access.ts";
import { compileAccess, FULL_ACCESS, notCovered } from "./access.ts";
import { permissionsOf } from "./builtin-roles.ts";
import { CameraPlaces } from "./camera-places.ts";
import { grantsOfRole, roleWord, withCameras } from "./role-shorthand.ts";

const grant = (permissions: readonly Permission[], scope: GrantScope) => ({ permissions: new Set(permissions), scope });
const place = (path: string): GrantScope => ({ kind: "place", path });

function places(cameras: Readonly<Record<string, string>>, onMoved: () => void = () => undefined): CameraPlaces {
  const made = new CameraPlaces(onMoved);
  made.replace(Object.entries(cameras).map(([id, group]) => ({ id, group })));
  return made;
}

describe("grants on a place", () => {
  const where = places({ gate: "Seoul/Gate", roof: "Seoul", other: "Seoul 2/Gate", top: "", busan: "Busan/Seoul" });
  const access = compileAccess([grant(["live.view"], place("Seoul"))], where);

  it("hold there and below, and not where the name only begins alike", () => {
    const seen = ["gate", "roof", "other", "top", "busan", "unknown"].filter((id) => access.holds("live.view", id));
    expect(seen).toEqual(["gate", "roof"]);
    expect(access.cameras("live.view")).toEqual(["gate", "roof"]);
    expect(access.holdsAt("live.view", "Seoul/Gate/Left")).toBe(true);
    for (const path of ["", "Seo", "Seoul 2", "Busan/Seoul"]) expect(access.holdsAt("live.view", path)).toBe(false);
  });

  it("follow a camera that moves, and tell of it", () => {
    let moved = 0;
    const moving = places({ a: "Seoul", b: "Busan" }, () => moved++);
    const held = compileAccess([grant(["live.view"], place("Seoul"))], moving);
    moving.replace([
      { id: "a", group: "Busan" },
      { id: "b", group: "Seoul/Yard" },
    ]);
    expect([held.holds("live.view", "a"), held.holds("live.view", "b")]).toEqual([false, true]);
    expect(moved).toBe(1);
    // A camera that comes or goes moves nothing.
    moving.replace([{ id: "b", group: "Seoul/Yard" }]);
    expect(moved).toBe(1);
  });

  it("administer nothing but cameras", () => {
    const all = compileAccess([grant(PERMISSIONS, place("Seoul"))], where);
    expect(all.anywhere.has("camera.manage")).toBe(true);
    expect([all.anywhere.has("user.manage"), all.system.size]).toEqual([false, 0]);
  });
});

describe("covering a grant", () => {
  const where = places({ gate: "Seoul/Gate", other: "Busan" });
  const site = compileAccess([grant(["live.view", "archive.view"], place("Seoul"))], where);

  it("needs every permission on all of its scope", () => {
    const asked: readonly [readonly Permission[], GrantScope, Permission | undefined][] = [
      [["live.view"], place("Seoul"), undefined],
      [["live.view", "archive.view"], place("Seoul/Gate"), undefined],
      [["live.view"], { kind: "camera", cameraId: "gate" }, undefined],
      [["live.view", "ptz.control"], place("Seoul"), "ptz.control"],
      [["live.view"], place("Busan"), "live.view"],
      [["live.view"], { kind: "camera", cameraId: "other" }, "live.view"],
      [["live.view"], { kind: "system" }, "live.view"],
      [["user.manage"], { kind: "system" }, "user.manage"],
      // Gives nothing there, so there is nothing to hold.
      [["user.manage"], place("Seoul"), undefined],
    ];
    expect(asked.map(([permissions, scope]) => notCovered(site, grant(permissions, scope)))).toEqual(
      asked.map(([, , missing]) => missing),
    );
    expect(notCovered(FULL_ACCESS, grant(PERMISSIONS, { kind: "system" }))).toBeUndefined();
  });
});

describe("roles", () => {
  it("are ordered: whoever is more may do all that is less, and the administrator everything", () => {
    const of = (id: string) => permissionsOf(id, []);
    expect([...of("administrator")].sort()).toEqual([...PERMISSIONS].sort());
    for (const [less, more] of [
      ["viewer", "operator"],
      ["operator", "supervisor"],
      ["supervisor", "administrator"],
      ["api-only", "operator"],
    ] as const) {
      expect([...of(less)].filter((permission) => !of(more).has(permission))).toEqual([]);
    }
    expect(of("nobody").size).toBe(0);
    expect([...permissionsOf("00000000-0000-4000-8000-000000000000", ["live.view", "no.longer"])]).toEqual([
      "live.view",
    ]);
  });

  it("have one word each, there and back", () => {
    for (const role of ["admin", "supervisor", "operator", "viewer", "api-only"] as const) {
      expect(roleWord(grantsOfRole(role, ["11111111-1111-4111-8111-111111111111"]))).toBe(role);
    }
    expect(roleWord([])).toBe("viewer");
    expect(roleWord([{ roleId: "operator", scope: { kind: "place", path: "Seoul" } }])).toBe("custom");
    const kept = { roleId: "operator", scope: { kind: "place", path: "Seoul" } } as const;
    expect(withCameras([kept, ...grantsOfRole("viewer", ["a"])], ["b"])).toEqual([
      kept,
      ...grantsOfRole("viewer", ["b"]),
    ]);
  });
});
