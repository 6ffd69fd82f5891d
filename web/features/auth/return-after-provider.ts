import { safeReturnPath } from "../../app/return-path.ts";

const key = "fluxvision.after-provider";

/** Kept in this tab while the provider's pages are shown. */
export function rememberReturn(path: string): void {
  sessionStorage.setItem(key, path);
}

/** The page to go on to, once. */
export function takeReturn(): string {
  const path = sessionStorage.getItem(key) ?? undefined;
  sessionStorage.removeItem(key);
  return safeReturnPath(path);
}
