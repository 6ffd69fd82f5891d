import { useNavigate } from "@tanstack/react-router";
import { CircleUser, Info, Keyboard, KeyRound, LogOut } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useHelp } from "../features/help/help-provider.tsx";
import { changeLanguage, LANGUAGE_NAMES, LANGUAGES, type Language } from "../i18n/i18n.ts";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "../ui/menu.tsx";
import { useServices, useUser } from "./services.ts";

export function ProfileMenu(): ReactNode {
  const { t, i18n } = useTranslation();
  const { api, session } = useServices();
  const user = useUser();
  const help = useHelp();
  const navigate = useNavigate();
  const name = user.displayName || user.username;

  const choose = (language: Language): void => {
    changeLanguage(i18n, language);
    // The account remembers it for other devices; this device does so already.
    void api.updateProfile({ language }).then(
      () => session.updateUser({ ...user, language }),
      () => undefined,
    );
  };

  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={t("profile.open", { name })}
          className="grid size-7 place-items-center rounded-full bg-accent-soft font-semibold text-2xs text-fg uppercase hover:ring-2 hover:ring-line-strong coarse:size-10"
        >
          {[...name].slice(0, 2).join("")}
        </button>
      }
    >
      <div className="px-2 py-1.5">
        <div className="truncate font-medium text-sm">{name}</div>
        <div className="truncate text-fg-muted text-xs">
          {user.username} · {t(`roles.${user.role}`)}
        </div>
      </div>
      <MenuSeparator />
      <MenuItem icon={<CircleUser />} onSelect={() => void navigate({ to: "/profile" })}>
        {t("account.title")}
      </MenuItem>
      <MenuItem icon={<KeyRound />} onSelect={() => void navigate({ to: "/tokens" })}>
        {t("tokens.ownTitle")}
      </MenuItem>
      <MenuSeparator />
      <MenuLabel>{t("profile.language")}</MenuLabel>
      {LANGUAGES.map((language) => (
        <MenuItem key={language} checked={i18n.resolvedLanguage === language} onSelect={() => choose(language)}>
          {LANGUAGE_NAMES[language]}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuItem icon={<Keyboard />} shortcut="?" onSelect={help.openShortcuts}>
        {t("profile.shortcuts")}
      </MenuItem>
      <MenuItem icon={<Info />} onSelect={help.openAbout}>
        {t("profile.about")}
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<LogOut />} onSelect={() => void session.signOut()}>
        {t("profile.signOut")}
      </MenuItem>
    </Menu>
  );
}
