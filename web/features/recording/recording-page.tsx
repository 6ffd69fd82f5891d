import { useQueryClient } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { ListTree } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { PolicyKey, PolicyTarget } from "../../../shared/recording/policy.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Sheet } from "../../ui/dialog.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useMedia } from "../live/use-media.ts";
import { useWall } from "../live/wall-context.tsx";
import { estimate } from "./estimate.ts";
import { EstimatePanel } from "./estimate-panel.tsx";
import {
  camerasBelow,
  changeSetting,
  isChanged,
  type PolicyChanges,
  targetKey,
  targetOf,
  withChanges,
} from "./policy-draft.ts";
import { PolicyEditor } from "./policy-editor.tsx";
import { ScopeTree } from "./scope-tree.tsx";
import { recordingKeys, usePolicies, useRecordingStates, useUsage, useVolumes } from "./use-recording.ts";

const NOTHING: PolicyChanges = {};

/** What is recorded when, how long and where: system, groups, cameras, each value with where it comes from. */
export function RecordingPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const queries = useQueryClient();
  const { cameras, camerasById } = useWall();
  const policies = usePolicies();
  const states = useRecordingStates();
  const usage = useUsage();
  const volumes = useVolumes();
  const narrow = useMedia("(max-width: 1023px)");
  const [sheet, setSheet] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(["system:system"]));
  const [changes, setChanges] = useState(NOTHING);
  const [wanted, setWanted] = useState<ReadonlySet<string>>();
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const dirty = isChanged(changes);
  const blocker = useBlocker({ shouldBlockFn: () => dirty, enableBeforeUnload: () => dirty, withResolver: true });

  const list = useMemo(() => cameras.data ?? [], [cameras.data]);
  const targets = useMemo(
    () => [...chosen].map(targetOf).filter(({ scope, target }) => scope !== "camera" || camerasById.has(target)),
    [chosen, camerasById],
  );
  const saved = useMemo(() => policies.data ?? [], [policies.data]);
  const parts = useMemo(
    () => ({ policies: saved, targets, changes, cameras: camerasById }),
    [saved, targets, changes, camerasById],
  );
  const foreseen = useMemo(() => {
    const ids = new Set(targets.flatMap((target) => camerasBelow(target, list)).map(({ id }) => id));
    const after = withChanges(saved, targets, changes);
    return estimate({ cameras: list, policies: after, usage: usage.data, volumes: volumes.data ?? [] }, ids);
  }, [saved, targets, changes, list, usage.data, volumes.data]);

  const choose = (keys: ReadonlySet<string>): void => {
    setSheet(false);
    const grows = [...chosen].every((key) => keys.has(key));
    // Unsaved changes go with a choice that grows; any other choice would lose them.
    if (dirty && !grows) setWanted(keys);
    else setChosen(keys);
  };
  const change = (made: PolicyChanges): void => {
    setFailure(undefined);
    setChanges((before) =>
      Object.entries(made).reduce<PolicyChanges>(
        (after, [key, value]) =>
          changeSetting({ policies: saved, targets, changes: after }, key as PolicyKey, value ?? null),
        before,
      ),
    );
  };
  const discard = (): void => {
    setChanges(NOTHING);
    setFailure(undefined);
  };
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      const after = new Map(withChanges(saved, targets, changes).map((policy) => [targetKey(policy), policy]));
      const before = new Set(saved.map(targetKey));
      for (const { scope, target } of targets) {
        const policy = after.get(targetKey({ scope, target }));
        if (policy !== undefined) await api.putRecordingPolicy(policy);
        else if (before.has(targetKey({ scope, target }))) await api.removeRecordingPolicy(scope, target);
      }
      await queries.invalidateQueries({ queryKey: recordingKeys.policies });
      await queries.invalidateQueries({ queryKey: recordingKeys.states });
      discard();
      toast.success(t("recording.saved"));
    } catch (error) {
      setFailure(error);
      // Some scopes may be saved: what is shown must be what is true.
      await queries.invalidateQueries({ queryKey: recordingKeys.policies });
    } finally {
      setBusy(false);
    }
  };

  const nameOf = ({ scope, target }: PolicyTarget): string =>
    scope === "system"
      ? t("recording.system")
      : scope === "group"
        ? target
        : (camerasById.get(target)?.name ?? t("tile.removedCamera"));
  const title =
    targets.length === 1 && targets[0] ? nameOf(targets[0]) : t("recording.several", { count: targets.length });
  const tree = (
    <ScopeTree cameras={list} policies={saved} states={states.data?.cameras ?? []} chosen={chosen} onChoose={choose} />
  );
  const pending = policies.isPending || cameras.isPending || volumes.isPending;
  const failed = [policies, cameras, volumes].find((query) => query.isError && query.data === undefined);
  return (
    <main className="flex h-full flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
        <h1 className="font-semibold text-lg">{t("recording.title")}</h1>
        <p className="text-fg-muted text-sm max-md:hidden">{t("recording.lead")}</p>
      </header>
      {pending ? (
        <div className="px-4">
          <SkeletonRows count={8} />
        </div>
      ) : failed !== undefined ? (
        <FailureState
          title={t("recording.failed")}
          lead={errorText(t, failed.error)}
          onRetry={() => void Promise.all([policies.refetch(), cameras.refetch(), volumes.refetch()])}
        />
      ) : (
        <div className="flex min-h-0 flex-1">
          {!narrow && <div className="w-72 shrink-0 border-line border-r">{tree}</div>}
          <div className="flex min-w-0 flex-1 flex-col">
            <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-6">
              <div className="mx-auto flex max-w-4xl flex-col gap-4">
                <div className="flex items-center gap-2 pt-1">
                  {narrow && (
                    <Button onClick={() => setSheet(true)}>
                      <ListTree aria-hidden="true" />
                      {t("recording.choose")}
                    </Button>
                  )}
                  <h2 className="min-w-0 truncate font-semibold text-base" data-testid="recording-scope">
                    {title}
                  </h2>
                  {targets.length > 1 && (
                    <p className="truncate text-fg-muted text-xs max-sm:hidden">{targets.map(nameOf).join(", ")}</p>
                  )}
                </div>
                <EstimatePanel estimate={foreseen} />
                <PolicyEditor
                  key={targets.map(targetKey).join(" ")}
                  parts={parts}
                  volumes={volumes.data ?? []}
                  errorOf={(key) => fieldMessage(failure, `policy.${key}`) ?? fieldMessage(failure, key)}
                  onChange={change}
                />
              </div>
            </div>
            {dirty && (
              <div
                role="region"
                aria-label={t("recording.unsaved")}
                className="flex shrink-0 flex-wrap items-center gap-2 border-line border-t bg-raised px-4 py-2"
              >
                <p className="text-sm">{t("recording.unsaved")}</p>
                {failure !== undefined && (
                  <p role="alert" className="text-danger text-sm">
                    {errorText(t, failure)}
                  </p>
                )}
                <div className="ml-auto flex gap-2">
                  <Button onClick={discard} disabled={busy}>
                    {t("recording.discard")}
                  </Button>
                  <Button variant="primary" busy={busy} onClick={() => void save()}>
                    {targets.length > 1 ? t("recording.saveAll", { count: targets.length }) : t("common.save")}
                  </Button>
                </div>
              </div>
            )}
          </div>
        </div>
      )}
      {narrow && (
        <Sheet open={sheet} onOpenChange={setSheet} title={t("recording.scopes")}>
          {tree}
        </Sheet>
      )}
      {(wanted !== undefined || blocker.status === "blocked") && (
        <Confirm
          title={t("recording.loseTitle")}
          lead={t("recording.loseLead")}
          action={t("recording.discard")}
          describeFailure={(error) => errorText(t, error)}
          onConfirm={async () => {
            discard();
            if (wanted !== undefined) setChosen(wanted);
            if (blocker.status === "blocked") blocker.proceed();
          }}
          onClose={() => {
            setWanted(undefined);
            if (blocker.status === "blocked") blocker.reset();
          }}
        />
      )}
    </main>
  );
}
