import { useRegisterSW } from "virtual:pwa-register/react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { millis } from "../../shared/lib/time.ts";
import { useServices } from "../app/services.ts";

const CHECK_EVERY_MS = 3_600_000;

/** Asks before a new version replaces a running wall. */
export function UpdatePrompt(): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const [registration, setRegistration] = useState<ServiceWorkerRegistration>();
  const {
    needRefresh: [needRefresh, setNeedRefresh],
    updateServiceWorker,
  } = useRegisterSW({ onRegisteredSW: (_url, found) => setRegistration(found) });
  useEffect(() => {
    if (registration === undefined) return;
    // A wall stays open for weeks; without this it would never hear of a new version.
    const timer = clock.every(millis(CHECK_EVERY_MS), () => void registration.update().catch(() => undefined));
    return () => timer.cancel();
  }, [registration, clock]);
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
