import { describe, expect, test } from "vitest";
import type { GrantScope } from "../../../../shared/api/access.ts";
import { mockCamera, mockUser } from "../../../app/testing/mock-api.ts";
import { isLastAdministrator } from "../../users/last-administrator.ts";
import { losesServerRights } from "./access-text.ts";
import { finished, type GrantDraft, isTwice, linesAtFault, sameGrants } from "./grant-drafts.ts";
import { scopeOptions } from "./scope-options.ts";

const SYSTEM: GrantScope = { kind: "system" };
const place = (path: string): GrantScope => ({ kind: "place", path });
const draft = (scope: GrantScope | undefined, roleId: GrantDraft["roleId"] = "viewer"): GrantDraft => ({
  roleId,
  scope,
});

describe("grants that are being put together", () => {
  test("are sent only when every line says on what, and none twice", () => {
    expect(finished([])).toEqual([]);
    expect(finished([draft(SYSTEM), draft(undefined)])).toBeUndefined();
    expect(finished([draft(place("Seoul")), draft(place("Seoul"))])).toBeUndefined();
    const whole = [draft(place("Seoul")), draft(place("Seoul"), "operator"), draft(place("Busan"))];
    expect(finished(whole)).toEqual(whole);
  });

  test("that are there already are said to be so, in the lower line", () => {
    const lines = [draft(place("Seoul")), draft(undefined), draft(place("Seoul")), draft(undefined)];
    expect(lines.map((_, index) => isTwice(lines, index))).toEqual([false, false, true, false]);
  });

  test("are the same in whatever order", () => {
    const [a, b, c] = [draft(SYSTEM), draft(place("Seoul")), draft(place("Seoul"), "operator")];
    expect(sameGrants([a, b], [b, a])).toBe(true);
    expect(sameGrants([a, b], [a])).toBe(false);
    expect(sameGrants([a, b], [a, c])).toBe(false);
  });

  test("are at fault where the server says so", () => {
    const details = [{ field: "grants.3.roleId" }, { field: "grants.0.scope.cameraId" }, { field: "grants" }];
    expect([...linesAtFault(details, "gone")]).toEqual([
      [3, "gone"],
      [0, "gone"],
    ]);
  });

  test("lose the rights on the server where they are for less than the system", () => {
    const role = { permissions: ["live.view", "user.manage"] as const };
    const lost = [SYSTEM, place("Seoul"), undefined].map((scope) =>
      losesServerRights({ permissions: [...role.permissions] }, scope),
    );
    expect(lost).toEqual([false, true, false]);
    expect(losesServerRights({ permissions: ["live.view"] }, place("Seoul"))).toBe(false);
  });
});

describe("what a grant may hold on", () => {
  const cameras = [mockCamera(1, "Gate 1", "Seoul/Gate"), mockCamera(2, "Pier", "Busan"), mockCamera(3, "Roof", "")];
  const shown = (query: string): string[] =>
    scopeOptions(cameras, query).map(({ scope, depth, fresh }) => {
      const name = scope.kind === "place" ? scope.path : "camera";
      return `${depth} ${name}${fresh ? " (new)" : ""}`;
    });

  test("is every place with its whole path, and every camera, as in the tree", () => {
    expect(shown("")).toEqual(["0 Busan", "1 camera", "0 Seoul", "1 Seoul/Gate", "2 camera", "0 camera"]);
  });

  test("is what the search finds, and the place that it names when there is none yet", () => {
    expect(shown("pier")).toEqual(["0 Busan", "1 camera", "0 pier (new)"]);
    expect(shown("seoul / gate")).not.toContain("0 seoul/gate (new)");
    expect(shown("Daegu / North/")).toEqual(["0 Daegu/North (new)"]);
  });
});

test("the last administrator is one whom nobody who can sign in could stand in for", () => {
  const admin = mockUser();
  const other = mockUser({ id: "0b000000-0000-4000-8000-000000000002" });
  expect(isLastAdministrator(admin, [admin])).toBe(true);
  expect(isLastAdministrator(admin, [admin, { ...other, enabled: false }])).toBe(true);
  expect(isLastAdministrator(admin, [admin, { ...other, role: "custom" }])).toBe(true);
  expect(isLastAdministrator(admin, [admin, other])).toBe(false);
  expect(isLastAdministrator({ ...admin, role: "operator" }, [admin])).toBe(false);
});
