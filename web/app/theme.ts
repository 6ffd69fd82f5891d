import { THEMES, type Theme } from "../../shared/api/schemas.ts";

const storageKey = "fluxvision.theme";

/** What this device showed last: the page is drawn before anybody has signed in. */
export function deviceTheme(): Theme {
  const stored = localStorage.getItem(storageKey);
  return THEMES.find((theme) => theme === stored) ?? "dark";
}

/** Colours of the whole console; `themes.css` has them. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(storageKey, theme);
}
