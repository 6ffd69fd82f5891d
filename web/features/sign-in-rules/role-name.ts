import type { TFunction } from "i18next";
import type { AccessRole } from "../../../shared/api/access.ts";

const builtin: Readonly<Record<string, "admin" | "supervisor" | "operator" | "viewer" | "api-only">> = {
  administrator: "admin",
  supervisor: "supervisor",
  operator: "operator",
  viewer: "viewer",
  "api-only": "api-only",
};

/** Built-in roles have names in both languages, own ones the name that they were given. */
export function roleName(t: TFunction, role: Pick<AccessRole, "id" | "name">): string {
  const known = builtin[role.id];
  return known === undefined ? role.name : t(`roles.${known}`);
}
