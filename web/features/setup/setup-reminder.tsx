import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCan } from "../../app/permissions.ts";
import { useGoTo, useSetupProgress } from "./use-setup.ts";

/** A set-up that was begun and not ended is offered again, on the wall, to those who may go on with it. */
export function SetupReminder(): ReactNode {
  const { t } = useTranslation();
  const may = useCan()("system.manage");
  const { pathname } = useLocation();
  const progress = useSetupProgress(may);
  const goTo = useGoTo();
  if (!may || pathname !== "/" || progress.data?.begun !== true || progress.data.step === "done") return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-accent-soft px-3 py-1.5 text-sm">
      <span>{t("setup.reminder")}</span>
      <Link to="/welcome" className="font-medium text-accent underline-offset-2 hover:underline">
        {t("setup.goOn")}
      </Link>
      <button
        type="button"
        className="ml-auto text-fg-soft underline-offset-2 hover:text-fg hover:underline coarse:h-10"
        onClick={() => void goTo("done").catch(() => undefined)}
      >
        {t("setup.dismiss")}
      </button>
    </div>
  );
}
