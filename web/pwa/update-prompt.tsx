import { useRegisterSW } from "virtual:pwa-register/react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";

/** Asks before a new version replaces a running wall. */
export function UpdatePrompt(): ReactNode {
  const { t } = useTranslation();
  const {
    needRefresh: [needRefresh, setNeedRefresh],
    updateServiceWorker,
  } = useRegisterSW();
  useEffect(() => {
    if (!needRefresh) return;
    const id = toast(t("pwa.update"), {
      duration: Number.POSITIVE_INFINITY,
      action: { label: t("pwa.reload"), onClick: () => void updateServiceWorker() },
      onDismiss: () => setNeedRefresh(false),
    });
    return () => void toast.dismiss(id);
  }, [needRefresh, setNeedRefresh, updateServiceWorker, t]);
  return null;
}
