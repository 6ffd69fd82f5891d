import { useLocation } from "@tanstack/react-router";

/** `/kiosk` or `/?kiosk=1`: pictures only. */
export function useKiosk(): boolean {
  const { pathname, search } = useLocation();
  return pathname === "/kiosk" || (search as { kiosk?: number }).kiosk === 1;
}
