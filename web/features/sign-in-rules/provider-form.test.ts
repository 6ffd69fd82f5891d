import { expect, test } from "vitest";
import type { OidcProvider } from "../../../shared/api/identity.ts";
import { bodyOfDraft, draftOf, isComplete } from "./provider-form.ts";

const provider: OidcProvider = {
  id: "0a000000-0000-4000-8000-000000000001",
  name: "Company",
  issuer: "https://id.example/realms/a",
  clientId: "vms",
  scopes: "openid profile email",
  groupClaim: "groups",
  groupMap: [{ group: "guards", roleId: "operator", groupIds: ["0a000000-0000-4000-8000-000000000002"] }],
  defaultRoleId: null,
  createUsers: true,
  mfaTrusted: false,
  enabled: true,
  hasClientSecret: true,
  callbackPath: "/api/v1/auth/oidc/callback",
};

test("what is not changed goes back as it came, and the stored secret stays", () => {
  const { id: _id, hasClientSecret: _has, callbackPath: _path, ...body } = provider;
  expect(bodyOfDraft(draftOf(provider), false)).toEqual(body);
});

test("a new provider without a secret is a public client; a typed secret goes along", () => {
  expect(bodyOfDraft(draftOf(undefined), true).clientSecret).toBeNull();
  expect(bodyOfDraft({ ...draftOf(provider), clientSecret: "s" }, false).clientSecret).toBe("s");
});

test("rows without a group are left out", () => {
  const draft = { ...draftOf(provider), groupMap: [{ key: "a", group: " ", roleId: "viewer", groupIds: [] }] };
  expect(bodyOfDraft(draft, false).groupMap).toEqual([]);
});

test("an address that is none, or no web address, is not sent", () => {
  const draft = draftOf(provider);
  expect(isComplete(draft)).toBe(true);
  for (const issuer of ["", "https://", "id.example", "ftp://id.example"]) {
    expect(isComplete({ ...draft, issuer }), issuer).toBe(false);
  }
  expect(isComplete({ ...draft, clientId: " " })).toBe(false);
});
