import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Page } from "../../ui/page.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { useGroups, useRoles } from "../admin/grants/use-access.ts";
import { ProvidersCard } from "./providers-card.tsx";
import { RulesForm } from "./rules-form.tsx";
import { rulesKeys } from "./rules-keys.ts";

/** Rules of sign-in: passwords, who needs a second factor, OpenID providers. */
export function SignInRulesPage(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const settings = useQuery({
    queryKey: rulesKeys.settings,
    queryFn: ({ signal }) => api.identitySettings(signal),
  });
  const providers = useQuery({ queryKey: rulesKeys.providers, queryFn: ({ signal }) => api.providers(signal) });
  // Whoever may set the rules may lack the right to see roles: these then have no names.
  const roles = useRoles();
  const groups = useGroups();
  const failed = settings.error ?? providers.error;
  const waiting = settings.isPending || providers.isPending || roles.isPending || groups.isPending;
  return (
    <Page title={t("rules.title")}>
      <div className="mx-auto flex max-w-3xl flex-col gap-4 pt-1">
        {failed !== null ? (
          <FailureState
            title={t("rules.failed")}
            lead={errorText(t, failed)}
            onRetry={() => void Promise.all([settings.refetch(), providers.refetch()])}
          />
        ) : waiting || settings.data === undefined || providers.data === undefined ? (
          <SkeletonRows count={8} />
        ) : (
          <>
            <RulesForm key={JSON.stringify(settings.data)} settings={settings.data} roles={roles.data ?? []} />
            <ProvidersCard providers={providers.data} roles={roles.data ?? []} groups={groups.data ?? []} />
          </>
        )}
      </div>
    </Page>
  );
}
