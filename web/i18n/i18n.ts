import i18next, { type i18n } from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en.ts";
import { ko } from "./ko.ts";

export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];
/** Each in itself: whoever cannot read the page finds the way out. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", ko: "한국어" };

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

const storageKey = "fluxvision.language";

function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

/** The choice made on this device, else the first browser language that the console speaks, else English. */
export function preferredLanguage(storage: Pick<Storage, "getItem">, browserLanguages: readonly string[]): Language {
  const stored = storage.getItem(storageKey);
  if (isLanguage(stored)) return stored;
  return browserLanguages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? "en";
}

/** Ready when it returns: the strings are part of the bundle. */
export function createI18n(language: Language): i18n {
  const instance = i18next.createInstance();
  instance.on("languageChanged", (next) => {
    document.documentElement.lang = next;
  });
  void instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    resources: { en: { translation: en }, ko: { translation: ko } },
    // React escapes already.
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  document.documentElement.lang = language;
  return instance;
}

/** The language that the user has chosen elsewhere, unless this device has a choice of its own. */
export function followAccount(instance: i18n, language: Language): void {
  if (!isLanguage(localStorage.getItem(storageKey))) void instance.changeLanguage(language);
}

export function changeLanguage(instance: i18n, language: Language): void {
  localStorage.setItem(storageKey, language);
  void instance.changeLanguage(language);
}
