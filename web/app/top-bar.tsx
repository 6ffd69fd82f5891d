import { Link } from "@tanstack/react-router";
import { Bookmark, Cctv, CircleHelp, FolderLock, LayoutGrid, PackageOpen, Settings2 } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { sectionsFor } from "../features/admin/admin-nav.ts";
import { useHelp } from "../features/help/help-provider.tsx";
import { EmergencyButton } from "../features/recording/emergency.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Logo } from "./logo.tsx";
import { useCan } from "./permissions.ts";
import { ProfileMenu } from "./profile-menu.tsx";

const link =
  "flex h-7 items-center gap-1.5 rounded-md px-2.5 font-medium text-fg-soft text-sm transition-colors hover:bg-hover hover:text-fg aria-[current=page]:bg-active aria-[current=page]:text-fg coarse:h-10 coarse:min-w-10 coarse:justify-center [&_svg]:size-4";

export function TopBar(): ReactNode {
  const { t } = useTranslation();
  const may = useCan();
  const help = useHelp();
  return (
    <header className="flex h-11 shrink-0 items-center gap-3 border-line border-b bg-panel px-3 max-sm:gap-1 max-sm:px-1.5 coarse:h-13">
      <Link to="/" className="flex items-center gap-2 rounded-md max-sm:hidden" aria-label={t("app.name")}>
        <Logo />
        <span className="font-semibold text-base tracking-tight">{t("app.name")}</span>
      </Link>
      <nav aria-label={t("nav.main")} className="flex items-center gap-1 max-sm:gap-0 sm:ml-3">
        <NavLink to="/" icon={<LayoutGrid aria-hidden="true" />} label={t("nav.live")} />
        <NavLink to="/cameras" icon={<Cctv aria-hidden="true" />} label={t("nav.cameras")} />
        {may("archive.view") && (
          <NavLink to="/bookmarks" icon={<Bookmark aria-hidden="true" />} label={t("nav.bookmarks")} />
        )}
        {may("evidence.manage") && (
          <NavLink to="/cases" icon={<FolderLock aria-hidden="true" />} label={t("nav.cases")} />
        )}
        {may("archive.export") && (
          <NavLink to="/exports" icon={<PackageOpen aria-hidden="true" />} label={t("nav.exports")} />
        )}
        {sectionsFor(may).length > 0 && (
          <NavLink to="/admin" icon={<Settings2 aria-hidden="true" />} label={t("admin.title")} />
        )}
      </nav>
      <div className="ml-auto flex items-center gap-1">
        <EmergencyButton />
        <span className="max-sm:hidden">
          <IconButton label={t("help.open")} shortcut="?" onClick={help.openShortcuts}>
            <CircleHelp aria-hidden="true" />
          </IconButton>
        </span>
        <ProfileMenu />
      </div>
    </header>
  );
}

function NavLink({
  to,
  icon,
  label,
}: {
  to: "/" | "/cameras" | "/bookmarks" | "/cases" | "/exports" | "/admin";
  icon: ReactNode;
  label: string;
}): ReactNode {
  return (
    <Link to={to} className={link} activeOptions={{ exact: to === "/", includeSearch: false }} aria-label={label}>
      {icon}
      <span className="max-lg:hidden">{label}</span>
    </Link>
  );
}
