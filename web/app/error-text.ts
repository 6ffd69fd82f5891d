import type { TFunction } from "i18next";
import { ApiError, isUnreachable } from "../api/api-error.ts";

/** One line for the operator. The server's own words where it said something; never a stack or a status number alone. */
export function errorText(t: TFunction, error: unknown): string {
  if (isUnreachable(error)) return t("errors.network");
  if (error instanceof ApiError) {
    if (error.status === 403) return t("errors.forbidden");
    if (error.status === 404) return t("errors.notFound");
    if (error.status === 429) return t("auth.tooManyAttempts");
    if (error.status >= 500) {
      return error.requestId === undefined
        ? t("errors.unexpected")
        : `${t("errors.unexpected")} ${t("errors.reference", { id: error.requestId })}`;
    }
    const [first] = error.details;
    return first === undefined ? error.message : `${first.field}: ${first.message}`;
  }
  return t("errors.unexpected");
}
