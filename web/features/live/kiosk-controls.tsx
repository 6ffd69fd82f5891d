import { useNavigate } from "@tanstack/react-router";
import { Maximize, Minimize, X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { millis } from "../../../shared/lib/time.ts";
import { useServices } from "../../app/services.ts";
import { cn } from "../../ui/cn.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { toggleFullscreen, useBrowserFullscreen } from "./browser-fullscreen.ts";
import { ConnectionBanner } from "./connection-banner.tsx";

const HIDE_AFTER_MS = 3_000;

/** A wall display shows pictures only. Moving the pointer brings the way out for three seconds. */
export function KioskControls({ children }: { readonly children: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const navigate = useNavigate();
  const fullscreen = useBrowserFullscreen();
  const [moves, setMoves] = useState(0);
  const [awake, setAwake] = useState(false);
  useEffect(() => {
    if (moves === 0) return;
    setAwake(true);
    const timer = clock.after(millis(HIDE_AFTER_MS), () => setAwake(false));
    return () => timer.cancel();
  }, [moves, clock]);
  return (
    <div
      className={cn("on-dark relative h-full bg-canvas", !awake && "cursor-none")}
      onPointerMove={() => setMoves((count) => (awake && count % 8 !== 0 ? count : count + 1))}
      onPointerDown={() => setMoves((count) => count + 1)}
    >
      {children}
      <ConnectionBanner />
      <div
        className={cn(
          "absolute top-3 right-3 flex gap-1 rounded-lg bg-overlay p-1 shadow-float transition-opacity focus-within:opacity-100",
          awake ? "opacity-100" : "pointer-events-none opacity-0",
        )}
      >
        <IconButton
          label={fullscreen ? t("wall.exitBrowserFullscreen") : t("wall.browserFullscreen")}
          shortcut="F"
          onClick={toggleFullscreen}
        >
          {fullscreen ? <Minimize /> : <Maximize />}
        </IconButton>
        <IconButton label={t("wall.exitKiosk")} shortcut="Esc" onClick={() => void navigate({ to: "/" })}>
          <X />
        </IconButton>
      </div>
    </div>
  );
}
