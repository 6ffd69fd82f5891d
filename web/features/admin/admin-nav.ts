import {
  CircleDot,
  HardDrive,
  IdCard,
  LogIn,
  type LucideIcon,
  MonitorSmartphone,
  ScanEye,
  User,
  Users,
} from "lucide-react";
import type { Permission } from "../../../shared/api/access.ts";
import type { enAdmin } from "../../i18n/en-admin.ts";

/** Paths of the administration pages; each has a route in router.tsx. */
export type AdminPath =
  | "/admin/users"
  | "/admin/groups"
  | "/admin/roles"
  | "/admin/rights"
  | "/admin/sessions"
  | "/admin/sign-in"
  | "/admin/recording"
  | "/admin/storage";

/** A page below /admin. Whoever holds one of the permissions is offered it. */
export interface AdminPage {
  readonly to: AdminPath;
  readonly label: keyof (typeof enAdmin)["pages"];
  readonly icon: LucideIcon;
  readonly anyOf: readonly Permission[];
}

export interface AdminSection {
  readonly title: keyof (typeof enAdmin)["sections"];
  readonly pages: readonly AdminPage[];
}

/** The administration pages in the order of the navigation. */
export const ADMIN_SECTIONS: readonly AdminSection[] = [
  {
    title: "people",
    pages: [
      { to: "/admin/users", label: "users", icon: User, anyOf: ["user.manage"] },
      { to: "/admin/groups", label: "groups", icon: Users, anyOf: ["user.manage"] },
      { to: "/admin/roles", label: "roles", icon: IdCard, anyOf: ["user.manage"] },
      { to: "/admin/rights", label: "rights", icon: ScanEye, anyOf: ["user.manage"] },
      { to: "/admin/sessions", label: "sessions", icon: MonitorSmartphone, anyOf: ["user.manage"] },
    ],
  },
  { title: "devices", pages: [] },
  {
    title: "recording",
    pages: [
      { to: "/admin/recording", label: "recording", icon: CircleDot, anyOf: ["recording.manage"] },
      { to: "/admin/storage", label: "storage", icon: HardDrive, anyOf: ["storage.manage"] },
    ],
  },
  { title: "trust", pages: [{ to: "/admin/sign-in", label: "signIn", icon: LogIn, anyOf: ["system.manage"] }] },
];

/** Sections with the pages that the holder of some permissions is offered. */
export function sectionsFor(may: (permission: Permission) => boolean): readonly AdminSection[] {
  return ADMIN_SECTIONS.map(({ title, pages }) => ({
    title,
    pages: pages.filter(({ anyOf }) => anyOf.some(may)),
  })).filter(({ pages }) => pages.length > 0);
}
