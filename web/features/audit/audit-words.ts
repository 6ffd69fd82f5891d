import type { TFunction } from "i18next";
import type { AuditEntryBody } from "../../../shared/api/audit.ts";
import { enAudit } from "../../i18n/en-audit.ts";
import type { Names } from "./value-text.ts";

type KnownAction = keyof typeof enAudit.actions;

function isKnown(key: string): key is KnownAction {
  return Object.hasOwn(enAudit.actions, key);
}

/** `camera.update` in words; the code itself where it is not known. */
export function actionText(t: TFunction, action: string): string {
  const key = action.replaceAll(".", "_");
  return isKnown(key) ? t(`audit.actions.${key}`) : action;
}

/** What a row is about, by a name where there is one. */
export function aboutText(entry: AuditEntryBody, names: Names): string {
  const { target, cameraId, details } = entry;
  const named = [details?.name, details?.username, details?.title].find((one) => typeof one === "string");
  const known = (id: string | null): string | undefined => (id === null ? undefined : names.get(id));
  return known(cameraId) ?? known(target) ?? (typeof named === "string" ? named : undefined) ?? target ?? "";
}
