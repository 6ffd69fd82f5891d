import { Link, Navigate, Outlet, useLocation } from "@tanstack/react-router";
import { ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "../../app/permissions.ts";
import { cn } from "../../ui/cn.ts";
import { EmptyState } from "../../ui/states.tsx";
import { type AdminPage, type AdminSection, sectionsFor } from "./admin-nav.ts";

/** What all administration pages share: their navigation, and the word for who may not see one. */
export function AdminShell(): ReactNode {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const sections = sectionsFor(useCan());
  const pages = sections.flatMap((section) => section.pages);
  const [first] = pages;
  if (first !== undefined && /^\/admin\/?$/.test(pathname)) return <Navigate to={first.to} replace />;
  const permitted = pages.some(({ to }) => pathname === to || pathname.startsWith(`${to}/`));
  return (
    <div className="flex h-full flex-col md:flex-row">
      {pages.length > 0 && <AdminNav sections={sections} />}
      <div className="min-h-0 min-w-0 flex-1">
        {permitted ? (
          <Outlet />
        ) : (
          <main className="grid h-full place-items-center">
            <EmptyState icon={<ShieldAlert />} title={t("admin.nothing")} />
          </main>
        )}
      </div>
    </div>
  );
}

const link =
  "flex h-8 shrink-0 items-center gap-2 whitespace-nowrap rounded-md px-2.5 text-fg-soft text-sm transition-colors hover:bg-hover hover:text-fg aria-[current=page]:bg-active aria-[current=page]:text-fg coarse:h-11 [&_svg]:size-4 [&_svg]:shrink-0";

/** In a row that scrolls, the page that is open must be seen. */
function showCurrent(nav: HTMLElement | null): void {
  nav?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });
}

/** A column of sections; where the screen is narrow, one row that scrolls sideways. */
function AdminNav({ sections }: { readonly sections: readonly AdminSection[] }): ReactNode {
  const { t } = useTranslation();
  return (
    <nav
      aria-label={t("admin.pagesNav")}
      ref={showCurrent}
      className="flex shrink-0 gap-1 overflow-x-auto border-line bg-panel p-2 max-md:border-b md:w-52 md:flex-col md:overflow-y-auto md:border-r"
    >
      {sections.map(({ title, pages }, index) => (
        <div key={title} role="group" aria-labelledby={`admin-${title}`} className="contents">
          <h2
            id={`admin-${title}`}
            className={cn(
              "px-2.5 pb-1 font-medium text-2xs text-fg-muted uppercase tracking-wide max-md:sr-only",
              index > 0 && "pt-3",
            )}
          >
            {t(`admin.sections.${title}`)}
          </h2>
          {pages.map((page) => (
            <PageLink key={page.to} page={page} />
          ))}
        </div>
      ))}
    </nav>
  );
}

function PageLink({ page: { to, label, icon: Icon } }: { readonly page: AdminPage }): ReactNode {
  const { t } = useTranslation();
  return (
    <Link to={to} className={link} activeOptions={{ includeSearch: false }}>
      <Icon aria-hidden="true" />
      {t(`admin.pages.${label}`)}
    </Link>
  );
}
