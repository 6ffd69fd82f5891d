import type { TFunction } from "i18next";
import { CONFIG_SECRET } from "../../../shared/api/config.ts";

/** Names of things by their ids: cameras, users, roles. */
export type Names = ReadonlyMap<string, string>;

interface Grant {
  readonly roleId: string;
  readonly scope: { readonly kind: string; readonly path?: string; readonly cameraId?: string };
}

function isGrant(value: unknown): value is Grant {
  return typeof value === "object" && value !== null && "roleId" in value && "scope" in value;
}

/** A value of an object that was changed, for people: names for ids, words for nothing, yes and no. */
export function valueText(t: TFunction, value: unknown, names: Names): string {
  if (value === null || value === undefined) return t("audit.values.none");
  if (value === true) return t("audit.values.yes");
  if (value === false) return t("audit.values.no");
  if (value === CONFIG_SECRET) return `${CONFIG_SECRET} (${t("audit.values.secret")})`;
  if (typeof value === "string") return value === "" ? t("audit.values.empty") : (names.get(value) ?? value);
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) {
    return value.length === 0 ? t("audit.values.empty") : value.map((one) => valueText(t, one, names)).join(", ");
  }
  if (isGrant(value)) {
    const { roleId, scope } = value;
    const place = scope.kind === "system" ? t("audit.values.everywhere") : (scope.path ?? scope.cameraId ?? "");
    return `${names.get(roleId) ?? roleId} (${names.get(place) ?? place})`;
  }
  return JSON.stringify(value);
}
