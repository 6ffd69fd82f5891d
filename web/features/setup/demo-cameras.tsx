import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { queryKeys, useCameras } from "../../api/queries.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";

/** The group that the demo cameras are made in (server/demo). */
const DEMO_GROUP = "Demo";
const LOOPBACK = /^rtsp:\/\/127\.0\.0\.1:/;

/** The demo cameras, and how to be rid of them. */
export function DemoCameras(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const cameras = useCameras(api);
  const [asking, setAsking] = useState(false);
  const demo = cameras.data?.filter(({ group, url }) => group === DEMO_GROUP && LOOPBACK.test(url ?? "")) ?? [];
  if (demo.length === 0) return null;
  const remove = async (): Promise<void> => {
    try {
      for (const { id } of demo) await api.removeCamera(id);
    } finally {
      await queries.invalidateQueries({ queryKey: queryKeys.cameras });
    }
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line bg-ground p-3">
      <p className="text-fg-soft text-sm">{t("setup.cameras.demo", { count: demo.length })}</p>
      <Button type="button" size="sm" onClick={() => setAsking(true)}>
        {t("setup.cameras.removeDemo")}
      </Button>
      {asking && (
        <Confirm
          title={t("setup.cameras.removeDemoTitle")}
          lead={t("setup.cameras.removeDemoLead")}
          action={t("setup.cameras.removeDemo")}
          onConfirm={remove}
          describeFailure={(error) => errorText(t, error)}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
