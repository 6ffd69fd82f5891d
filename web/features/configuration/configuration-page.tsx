import { useInfiniteQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { type ReactNode, useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { CONFIG_SECTIONS, type RollbackTarget } from "../../../shared/api/config.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Input, Select } from "../../ui/field.tsx";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useNames } from "../audit/use-names.ts";
import { CompareDialog } from "./compare-dialog.tsx";
import { RollbackDialog } from "./rollback-dialog.tsx";
import { VersionCard } from "./version-card.tsx";

export const VERSIONS_KEY = ["config-versions"] as const;

type Opened =
  | { readonly kind: "compare"; readonly from: number }
  | { readonly kind: "rollback"; readonly target: RollbackTarget };

/** What was changed when and by whom, and the way back. */
export function ConfigurationPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const names = useNames();
  const [sectionText, setSection] = useState("");
  const [actor, setActor] = useState("");
  const [opened, setOpened] = useState<Opened>();
  const section = CONFIG_SECTIONS.find((one) => one === sectionText);
  const wanted = useDeferredValue(actor.trim());
  const pages = useInfiniteQuery({
    queryKey: [...VERSIONS_KEY, section, wanted],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam: before, signal }) =>
      api.configVersions({ section, before, actor: wanted === "" ? undefined : wanted }, signal),
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const versions = pages.data?.pages.flatMap((page) => page.versions) ?? [];
  const close = (): void => setOpened(undefined);
  return (
    <Page
      title={t("config.title")}
      lead={t("config.lead")}
      actions={
        <>
          <Select
            aria-label={t("config.section")}
            className="w-44 max-sm:flex-1"
            value={sectionText}
            onChange={(event) => setSection(event.target.value)}
          >
            <option value="">{t("config.all")}</option>
            {CONFIG_SECTIONS.map((one) => (
              <option key={one} value={one}>
                {t(`config.sections.${one}`)}
              </option>
            ))}
          </Select>
          <Input
            type="search"
            aria-label={t("config.actor")}
            placeholder={t("config.actor")}
            className="w-40 max-sm:flex-1"
            value={actor}
            onChange={(event) => setActor(event.target.value)}
          />
        </>
      }
    >
      {pages.isPending ? (
        <SkeletonRows count={6} />
      ) : pages.isError && pages.data === undefined ? (
        <FailureState
          title={t("config.failed")}
          lead={errorText(t, pages.error)}
          onRetry={() => void pages.refetch()}
        />
      ) : versions.length === 0 && !pages.hasNextPage ? (
        <EmptyState icon={<History />} title={t("config.empty")} lead={t("config.emptyLead")} />
      ) : (
        <div className="mx-auto flex max-w-4xl flex-col gap-2">
          <ul className="flex flex-col gap-2">
            {versions.map((version) => (
              <VersionCard
                key={version.id}
                version={version}
                names={names}
                onUndo={() => setOpened({ kind: "rollback", target: { kind: "undo", version: version.id } })}
                onGoBack={() => setOpened({ kind: "rollback", target: { kind: "state", version: version.id } })}
                onCompare={() => setOpened({ kind: "compare", from: version.id })}
              />
            ))}
          </ul>
          {pages.hasNextPage && (
            <Button className="self-center" busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {t("config.older")}
            </Button>
          )}
        </div>
      )}
      {opened?.kind === "compare" && (
        <CompareDialog from={opened.from} versions={versions.map(({ id }) => id)} names={names} onClose={close} />
      )}
      {opened?.kind === "rollback" && <RollbackDialog target={opened.target} names={names} onClose={close} />}
    </Page>
  );
}
