import type { OidcProvider } from "../../../shared/api/identity.ts";
import type { ProviderBody } from "../../api/identity-endpoints.ts";

/** A rule of the mapping as it is edited: `key` stays while rows come and go. */
export interface RuleDraft {
  readonly key: string;
  readonly group: string;
  readonly roleId: string;
  readonly groupIds: readonly string[];
}

export interface ProviderDraft {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: string;
  readonly groupClaim: string;
  readonly groupMap: readonly RuleDraft[];
  readonly defaultRoleId: string;
  readonly createUsers: boolean;
  readonly mfaTrusted: boolean;
  readonly enabled: boolean;
}

export function draftOf(provider: OidcProvider | undefined): ProviderDraft {
  return {
    name: provider?.name ?? "",
    issuer: provider?.issuer ?? "https://",
    clientId: provider?.clientId ?? "",
    clientSecret: "",
    scopes: provider?.scopes ?? "openid profile email",
    groupClaim: provider?.groupClaim ?? "",
    groupMap: (provider?.groupMap ?? []).map((rule, index) => ({
      key: `rule-${index}`,
      group: rule.group,
      roleId: rule.roleId ?? "",
      groupIds: rule.groupIds,
    })),
    defaultRoleId: provider?.defaultRoleId ?? "",
    createUsers: provider?.createUsers ?? false,
    mfaTrusted: provider?.mfaTrusted ?? false,
    enabled: provider?.enabled ?? true,
  };
}

/** An empty secret of a provider that exists is left out: the stored one stays. */
export function bodyOfDraft(draft: ProviderDraft, isNew: boolean): ProviderBody {
  const { name, issuer, clientId, clientSecret, scopes, groupClaim, groupMap, defaultRoleId, ...switches } = draft;
  const secret = clientSecret === "" ? (isNew ? { clientSecret: null } : {}) : { clientSecret };
  return {
    ...switches,
    ...secret,
    name: name.trim(),
    issuer: issuer.trim(),
    clientId: clientId.trim(),
    scopes: scopes.trim().replace(/\s+/g, " "),
    groupClaim: groupClaim.trim() === "" ? null : groupClaim.trim(),
    groupMap: groupMap
      .filter(({ group }) => group.trim() !== "")
      .map(({ group, roleId, groupIds }) => ({
        group: group.trim(),
        roleId: roleId === "" ? null : roleId,
        groupIds: [...groupIds],
      })),
    defaultRoleId: defaultRoleId === "" ? null : defaultRoleId,
  };
}

export function isComplete({ name, issuer, clientId, scopes }: ProviderDraft): boolean {
  const filled = [name, clientId, scopes].every((text) => text.trim() !== "");
  return filled && URL.canParse(issuer.trim()) && /^https?:$/.test(new URL(issuer.trim()).protocol);
}
