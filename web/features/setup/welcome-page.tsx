import { Check } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { SETUP_STEPS } from "../../../shared/api/discovery.ts";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { cn } from "../../ui/cn.ts";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { CamerasStep } from "./cameras-step.tsx";
import { DoneStep } from "./done-step.tsx";
import { PlaceStep } from "./place-step.tsx";
import { StorageStep } from "./storage-step.tsx";
import { type SetupStep, stepAfter, stepBefore, useGoTo, useSetupProgress } from "./use-setup.ts";

/** The first set-up, step by step. Every step can be left out, and gone back to. */
export function WelcomePage(): ReactNode {
  const { t } = useTranslation();
  const may = useCan()("system.manage");
  const progress = useSetupProgress(may);
  const goTo = useGoTo();
  const [failure, setFailure] = useState<unknown>();
  const begin = progress.data?.begun === false;
  useEffect(() => {
    // From here on another browser, or this one tomorrow, is reminded of it.
    if (begin) goTo("place").catch(setFailure);
  });

  if (!may) return <FailureState title={t("errors.forbidden")} />;
  if (progress.isPending) return <SkeletonRows count={5} />;
  if (progress.data === undefined) {
    return (
      <FailureState
        title={t("setup.failed")}
        lead={errorText(t, progress.error)}
        onRetry={() => void progress.refetch()}
      />
    );
  }
  const { step } = progress.data;
  const move = async (to: SetupStep): Promise<void> => {
    setFailure(undefined);
    try {
      await goTo(to);
    } catch (error) {
      setFailure(error);
    }
  };
  const before = stepBefore(step);
  const steps: StepProps = {
    next: () => move(stepAfter(step)),
    back: before === undefined ? undefined : () => move(before),
  };
  return (
    <div className="h-full overflow-y-auto">
      <main className="mx-auto flex min-h-full w-full max-w-4xl flex-col gap-5 p-4 sm:p-8">
        <header>
          <h1 className="font-semibold text-xl">{t("setup.title")}</h1>
          <p className="mt-1 text-fg-soft text-sm">{t("setup.lead")}</p>
        </header>
        <Rail step={step} onChoose={(to) => void move(to)} />
        {failure !== undefined && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, failure)}
          </p>
        )}
        <section aria-label={t(`setup.steps.${step}`)} className="rounded-xl border border-line bg-panel p-4 sm:p-6">
          {step === "place" && <PlaceStep {...steps} />}
          {step === "storage" && <StorageStep {...steps} />}
          {step === "cameras" && <CamerasStep {...steps} />}
          {step === "done" && <DoneStep {...steps} />}
        </section>
      </main>
    </div>
  );
}

export interface StepProps {
  readonly next: () => Promise<void>;
  /** Undefined at the first one. */
  readonly back: (() => Promise<void>) | undefined;
}

function Rail({
  step,
  onChoose,
}: {
  readonly step: SetupStep;
  readonly onChoose: (step: SetupStep) => void;
}): ReactNode {
  const { t } = useTranslation();
  const at = SETUP_STEPS.indexOf(step);
  return (
    <ol className="flex flex-wrap gap-x-1 gap-y-2" aria-label={t("setup.stepsLabel")}>
      <li className="flex items-center gap-2 px-2 text-fg-muted text-sm">
        <Dot done number={1} />
        <span className="max-sm:sr-only">{t("setup.steps.administrator")}</span>
      </li>
      {SETUP_STEPS.map((name, index) => (
        <li key={name}>
          <button
            type="button"
            aria-current={name === step ? "step" : undefined}
            onClick={() => onChoose(name)}
            className={cn(
              "flex h-8 items-center gap-2 rounded-md px-2 text-sm hover:bg-hover coarse:h-11",
              name === step ? "bg-active font-medium text-fg" : "text-fg-soft",
            )}
          >
            <Dot done={index < at} number={index + 2} />
            <span className={cn(name !== step && "max-sm:sr-only")}>{t(`setup.steps.${name}`)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

function Dot({ done, number }: { readonly done: boolean; readonly number: number }): ReactNode {
  return (
    <span
      aria-hidden="true"
      className={cn(
        "nums flex size-5 items-center justify-center rounded-full border text-xs",
        done ? "border-transparent bg-accent-strong text-accent-fg" : "border-line-strong text-fg-soft",
      )}
    >
      {done ? <Check className="size-3" /> : number}
    </span>
  );
}
