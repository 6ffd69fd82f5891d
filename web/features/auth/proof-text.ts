import type { TFunction } from "i18next";
import { errorText } from "../../app/error-text.ts";
import { PasskeyCancelled, PasskeyExists } from "./passkey.ts";

/** What went wrong with a proof: the browser's part of it, or the server's answer. */
export function proofText(t: TFunction, error: unknown): string {
  if (error instanceof PasskeyCancelled) return t("signIn.passkeyCancelled");
  if (error instanceof PasskeyExists) return t("errors.codes.passkey_exists");
  return errorText(t, error);
}
