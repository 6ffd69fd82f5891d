/** The frame of the administration pages: a part of `en.ts`. Each page brings texts of its own. */
export const enAdmin = {
  title: "Administration",
  pagesNav: "Administration pages",
  nothing: "There is nothing here that you may administer.",
  sections: {
    people: "People",
    devices: "Devices and programs",
    recording: "Recording",
    trust: "Trust",
  },
  pages: {
    users: "Users",
    groups: "Groups",
    roles: "Roles",
    rights: "Effective rights",
    sessions: "Sessions",
    signIn: "Sign-in",
    recording: "Recording",
    storage: "Storage",
    audit: "Audit trail",
    keys: "Keys",
    configuration: "Configuration",
    tokens: "API tokens",
    displays: "Wall displays",
  },
};
