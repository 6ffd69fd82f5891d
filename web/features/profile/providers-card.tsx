import { LogIn } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Profile } from "../../../shared/api/identity.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Card, CardRow } from "../../ui/card.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { rememberReturn } from "../auth/return-after-provider.ts";
import { useSignInOptions } from "./use-account.ts";

/** OpenID providers that the account is, or can be, bound to. Nothing where there are none. */
export function ProvidersCard({ profile }: { readonly profile: Profile }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const providers = useSignInOptions().data?.providers ?? [];
  const [busy, setBusy] = useState<string>();
  if (providers.length === 0) return null;
  const connect = async (id: string): Promise<void> => {
    setBusy(id);
    try {
      const { url } = await reauth(() => api.linkProvider(id));
      rememberReturn("/profile");
      location.assign(url);
    } catch (error) {
      toast.error(errorText(t, error));
      setBusy(undefined);
    }
  };
  return (
    <Card title={t("account.providers")}>
      <ul>
        {providers.map(({ id, name }) => (
          <CardRow
            key={id}
            icon={<LogIn />}
            title={name}
            {...(profile.providers.includes(name) ? { note: t("account.providerBound") } : {})}
          >
            {!profile.providers.includes(name) && (
              <Button size="sm" busy={busy === id} onClick={() => void connect(id)}>
                {t("account.providerConnect")}
              </Button>
            )}
          </CardRow>
        ))}
      </ul>
    </Card>
  );
}
