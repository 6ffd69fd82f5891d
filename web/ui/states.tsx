import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";
import { cn } from "./cn.ts";

export function Skeleton({ className }: { readonly className?: string }): ReactNode {
  return <div aria-hidden="true" className={cn("animate-pulse-soft rounded-sm bg-hover", className)} />;
}

/** A list that is on its way. */
export function SkeletonRows({ count }: { readonly count: number }): ReactNode {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("app.loading")} className="flex flex-col gap-3 pt-2">
      {Array.from({ length: count }, (_, row) => `row-${row}`).map((row) => (
        <Skeleton key={row} className="h-6" />
      ))}
    </div>
  );
}

interface EmptyProps {
  readonly icon: ReactNode;
  readonly title: string;
  readonly lead?: string;
  readonly action?: ReactNode;
}

export function EmptyState({ icon, title, lead, action }: EmptyProps): ReactNode {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center gap-1 px-6 py-8 text-center">
      <div className="mb-2 text-fg-muted [&_svg]:size-8 [&_svg]:stroke-[1.5]">{icon}</div>
      <p className="font-medium text-fg text-sm">{title}</p>
      {lead !== undefined && <p className="text-fg-muted text-xs">{lead}</p>}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  );
}

interface FailureProps {
  readonly title: string;
  readonly lead?: string;
  readonly onRetry?: () => void;
}

export function FailureState({ title, lead, onRetry }: FailureProps): ReactNode {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <EmptyState
        icon={<CircleAlert className="text-danger" />}
        title={title}
        {...(lead === undefined ? {} : { lead })}
        action={
          onRetry && (
            <Button size="sm" onClick={onRetry}>
              {t("common.retry")}
            </Button>
          )
        }
      />
    </div>
  );
}
