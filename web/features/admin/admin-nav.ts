import {
  CircleDot,
  HardDrive,
  History,
  IdCard,
  KeyRound,
  LockKeyhole,
  LogIn,
  type LucideIcon,
  MonitorPlay,
  MonitorSmartphone,
  ScanEye,
  ScrollText,
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
  | "/admin/audit"
  | "/admin/keys"
  | "/admin/configuration"
  | "/admin/storage"
  | "/admin/tokens"
  | "/admin/displays";

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
  {
    title: "devices",
    pages: [
      { to: "/admin/tokens", label: "tokens", icon: KeyRound, anyOf: ["token.manage"] },
      { to: "/admin/displays", label: "displays", icon: MonitorPlay, anyOf: ["token.manage"] },
    ],
  },
  {
    title: "recording",
    pages: [
      { to: "/admin/recording", label: "recording", icon: CircleDot, anyOf: ["recording.manage"] },
      { to: "/admin/storage", label: "storage", icon: HardDrive, anyOf: ["storage.manage"] },
    ],
  },
  {
    title: "trust",
    pages: [
      { to: "/admin/audit", label: "audit", icon: ScrollText, anyOf: ["audit.read"] },
      { to: "/admin/configuration", label: "configuration", icon: History, anyOf: ["system.manage"] },
      { to: "/admin/keys", label: "keys", icon: LockKeyhole, anyOf: ["key.manage"] },
      { to: "/admin/sign-in", label: "signIn", icon: LogIn, anyOf: ["system.manage"] },
    ],
  },
];

/** Sections with the pages that the holder of some permissions is offered. */
export function sectionsFor(may: (permission: Permission) => boolean): readonly AdminSection[] {
  return ADMIN_SECTIONS.map(({ title, pages }) => ({
    title,
    pages: pages.filter(({ anyOf }) => anyOf.some(may)),
  })).filter(({ pages }) => pages.length > 0);
}
