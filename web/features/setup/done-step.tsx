import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useCameras } from "../../api/queries.ts";
import { useServices } from "../../app/services.ts";
import { StepFrame } from "./step-frame.tsx";
import type { StepProps } from "./welcome-page.tsx";

const TIPS = ["people", "mfa", "certificate", "rootKey"] as const;

/** What is there now, and what a careful administrator does next. */
export function DoneStep({ back }: StepProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const cameras = useCameras(api);
  const navigate = useNavigate();
  return (
    <StepFrame
      back={back}
      next={async () => await navigate({ to: "/" })}
      skip={false}
      title={t("setup.done.title")}
      lead={t("setup.done.lead", { count: cameras.data?.length ?? 0 })}
      action={t("setup.done.open")}
    >
      <ul className="flex list-disc flex-col gap-2 pl-5 text-fg-soft text-sm">
        {TIPS.map((tip) => (
          <li key={tip}>{t(`setup.done.tips.${tip}`)}</li>
        ))}
      </ul>
    </StepFrame>
  );
}
