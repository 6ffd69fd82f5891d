import type { TFunction } from "i18next";
import { ApiError, fieldMessage, isUnreachable } from "../api/api-error.ts";
import { enErrors } from "../i18n/en-errors.ts";

type KnownCode = keyof typeof enErrors.codes;

/** `rtsp.not_found` is the key `rtsp_not_found`: a dot would part the key. */
function knownCode(code: string): KnownCode | undefined {
  const key = code.replaceAll(".", "_");
  return Object.hasOwn(enErrors.codes, key) ? (key as KnownCode) : undefined;
}

/** What a code means, in the operator's language; undefined: not known. */
export function codeText(t: TFunction, code: string): string | undefined {
  const known = knownCode(code);
  return known === undefined ? undefined : t(`errors.codes.${known}`);
}

/** One line for the operator, in their language where the code is known; never a stack or a bare status number. */
export function errorText(t: TFunction, error: unknown): string {
  if (isUnreachable(error)) return t("errors.network");
  if (!(error instanceof ApiError)) return t("errors.unexpected");
  const known = codeText(t, error.code);
  if (known !== undefined) return known;
  if (error.status === 403) return t("errors.forbidden");
  if (error.status === 404) return t("errors.notFound");
  if (error.status >= 500) {
    const { requestId } = error;
    const text = t("errors.unexpected");
    return requestId === undefined ? text : `${text} ${t("errors.reference", { id: requestId })}`;
  }
  const [first] = error.details;
  return first === undefined ? error.message : `${first.field}: ${first.message}`;
}

/** What is wrong with a field: in the operator's language where the code is known, else in the server's words. */
export function fieldText(t: TFunction, error: unknown, field: string): string | undefined {
  const message = fieldMessage(error, field);
  const known = message !== undefined && error instanceof ApiError ? knownCode(error.code) : undefined;
  return known === undefined ? message : t(`errors.codes.${known}`);
}

/** What a camera answered, with its own words behind the translated line. */
export function cameraErrorText(t: TFunction, error: unknown): string {
  const text = errorText(t, error);
  if (!(error instanceof ApiError) || isUnreachable(error) || error.status !== 422) return text;
  return text === error.message ? text : `${text} (${error.message})`;
}
