import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { Button } from "../../ui/button.tsx";
import type { StepProps } from "./welcome-page.tsx";

interface StepFrameProps extends StepProps {
  readonly title: string;
  readonly lead: string;
  readonly action: string;
  /** Saves; the next step comes when it is done. Left out: there is nothing to save. */
  readonly save?: () => Promise<unknown>;
  /** What is entered cannot be saved. */
  readonly invalid?: boolean;
  readonly skip?: boolean;
  readonly children: ReactNode;
}

/** A step's head, its content, and the way on: back, leave out, go on. */
export function StepFrame(props: StepFrameProps): ReactNode {
  const { title, lead, action, save, invalid = false, skip = true, next, back, children } = props;
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (invalid) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await save?.();
      await next();
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5">
      <div>
        <h2 className="font-semibold text-lg">{title}</h2>
        <p className="mt-1 max-w-prose text-fg-soft text-sm">{lead}</p>
      </div>
      {children}
      {failure !== undefined && (
        <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
          {errorText(t, failure)}
        </p>
      )}
      <div className="flex flex-wrap items-center justify-end gap-2 border-line border-t pt-4">
        {back !== undefined && (
          <Button type="button" variant="ghost" className="mr-auto" onClick={() => void back()}>
            {t("setup.back")}
          </Button>
        )}
        {skip && (
          <Button type="button" variant="ghost" onClick={() => void next()}>
            {t("setup.skip")}
          </Button>
        )}
        <Button type="submit" variant="primary" busy={busy} disabled={invalid}>
          {action}
        </Button>
      </div>
    </form>
  );
}
