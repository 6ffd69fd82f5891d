import { createContext, lazy, type ReactNode, Suspense, useContext, useMemo, useState } from "react";

interface Help {
  openShortcuts(): void;
  openAbout(): void;
}

const HelpContext = createContext<Help | undefined>(undefined);
const ShortcutsDialog = lazy(() => import("./shortcuts-dialog.tsx"));
const AboutDialog = lazy(() => import("./about-dialog.tsx"));

export function useHelp(): Help {
  const help = useContext(HelpContext);
  if (help === undefined) throw new Error("HelpProvider is missing");
  return help;
}

export function HelpProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [open, setOpen] = useState<"shortcuts" | "about">();
  const help = useMemo<Help>(
    () => ({ openShortcuts: () => setOpen("shortcuts"), openAbout: () => setOpen("about") }),
    [],
  );
  const close = (): void => setOpen(undefined);
  return (
    <HelpContext value={help}>
      {children}
      <Suspense>
        {open === "shortcuts" && <ShortcutsDialog onClose={close} />}
        {open === "about" && <AboutDialog onClose={close} />}
      </Suspense>
    </HelpContext>
  );
}
