import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { Page } from "../../ui/page.tsx";
import { FailureState, SkeletonRows } from "../../ui/states.tsx";
import { FactorsCard } from "./factors-card.tsx";
import { OwnSessionsCard } from "./own-sessions-card.tsx";
import { PasskeysCard } from "./passkeys-card.tsx";
import { PasswordCard } from "./password-card.tsx";
import { ProfileCard } from "./profile-card.tsx";
import { ProvidersCard } from "./providers-card.tsx";
import { useMfa, useProfile } from "./use-account.ts";

/** The own account: name, looks, password, second factors, sessions. */
export function ProfilePage(): ReactNode {
  const { t } = useTranslation();
  const profile = useProfile();
  const mfa = useMfa();
  const failed = profile.error ?? mfa.error;
  return (
    <Page title={t("account.title")} lead={profile.data?.username}>
      <div className="mx-auto flex max-w-3xl flex-col gap-4 pt-1">
        {profile.data === undefined || mfa.data === undefined ? (
          failed === null ? (
            <SkeletonRows count={8} />
          ) : (
            <FailureState
              title={t("account.failed")}
              lead={errorText(t, failed)}
              onRetry={() => void Promise.all([profile.refetch(), mfa.refetch()])}
            />
          )
        ) : (
          <>
            <ProfileCard key={profile.data.username} profile={profile.data} />
            <PasswordCard profile={profile.data} />
            <FactorsCard mfa={mfa.data} username={profile.data.username} />
            <PasskeysCard mfa={mfa.data} username={profile.data.username} />
            <ProvidersCard profile={profile.data} />
            <OwnSessionsCard />
          </>
        )}
      </div>
    </Page>
  );
}
