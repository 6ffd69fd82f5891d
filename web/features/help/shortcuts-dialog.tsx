import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../ui/dialog.tsx";

function Key({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <kbd className="inline-grid h-5 min-w-5 place-items-center rounded-sm border border-line-strong bg-raised px-1.5 font-sans text-2xs text-fg-soft">
      {children}
    </kbd>
  );
}

export default function ShortcutsDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const sections: { title: string; rows: [string[], string][] }[] = [
    {
      title: t("help.sections.wall"),
      rows: [
        [["←", "↑", "→", "↓"], t("help.keys.arrows")],
        [["1", "…", "9"], t("help.keys.digits")],
        [["Shift", "1", "…", "9"], t("help.keys.tabs")],
        [["S"], t("help.keys.statistics")],
        [["F"], t("help.keys.fullscreen")],
        [["Ctrl", "S"], t("help.keys.save")],
      ],
    },
    {
      title: t("help.sections.tile"),
      rows: [
        [["Enter"], t("help.keys.enter")],
        [["Esc"], t("help.keys.escape")],
        [["Del"], t("help.keys.delete")],
        [["C"], t("help.keys.fit")],
        [["+", "−"], t("help.keys.zoom")],
        [["0"], t("help.keys.zoomReset")],
        [["U"], t("help.keys.sound")],
        [["Space"], t("help.keys.space")],
      ],
    },
    {
      title: t("help.sections.playback"),
      rows: [
        [["T"], t("help.keys.timeline")],
        [["Space"], t("help.keys.playPause")],
        [["J", "K", "L"], t("help.keys.shuttle")],
        [[",", "."], t("help.keys.step")],
        [["Shift", "←", "→"], t("help.keys.jump")],
        [["P", "N"], t("help.keys.marks")],
        [["[", "]"], t("help.keys.range")],
        [["\\"], t("help.keys.loop")],
        [["Y"], t("help.keys.sync")],
        [["M"], t("help.keys.bookmark")],
        [["Shift", "M"], t("help.keys.bookmarks")],
        [["G"], t("help.keys.goTo")],
        [["Shift", "L"], t("help.keys.live")],
      ],
    },
    {
      title: t("help.sections.general"),
      rows: [
        [["/"], t("help.keys.search")],
        [["Ctrl", "F"], t("help.keys.search")],
        [["B"], t("help.keys.tree")],
        [["?"], t("help.keys.help")],
      ],
    },
  ];
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={t("help.title")} className="max-w-2xl">
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
        {sections.map(({ title, rows }) => (
          <section key={title}>
            <h3 className="mb-2 font-semibold text-fg-muted text-xs">{title}</h3>
            <ul className="flex flex-col gap-2">
              {rows.map(([keys, what]) => (
                <li key={keys.join()} className="flex items-center justify-between gap-4 text-sm">
                  <span className="text-fg-soft">{what}</span>
                  <span className="flex shrink-0 gap-1">
                    {keys.map((key) => (
                      <Key key={key}>{key}</Key>
                    ))}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        ))}
        <div className="flex flex-col gap-1 self-end text-fg-muted text-xs">
          <p>{t("help.mouse")}</p>
          <p>{t("help.touch")}</p>
        </div>
      </div>
    </Dialog>
  );
}
