import { useQueryClient } from "@tanstack/react-query";
import { Building2, Copy, Plus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { AccessRole, UserGroup } from "../../../shared/api/access.ts";
import type { OidcProvider } from "../../../shared/api/identity.ts";
import { API_BASE } from "../../api/http-client.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Card, CardRow } from "../../ui/card.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { useReauth } from "../auth/reauth-provider.tsx";
import { accountKeys } from "../profile/use-account.ts";
import { ProviderDialog } from "./provider-dialog.tsx";
import { rulesKeys } from "./rules-keys.ts";

const CALLBACK = `${API_BASE}/auth/oidc/callback`;

interface ProvidersCardProps {
  readonly providers: readonly OidcProvider[];
  readonly roles: readonly AccessRole[];
  readonly groups: readonly UserGroup[];
}

type Open = { readonly what: "add" } | { readonly what: "edit" | "remove"; readonly provider: OidcProvider };

/** OpenID providers: list, test, add, change, remove. */
export function ProvidersCard({ providers, roles, groups }: ProvidersCardProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const [testing, setTesting] = useState<string>();
  const [outcome, setOutcome] = useState<{ readonly id: string; readonly ok: boolean; readonly text: string }>();
  const close = (): void => setOpen(undefined);
  const reload = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: rulesKeys.providers });
    await queries.invalidateQueries({ queryKey: accountKeys.options });
  };
  const redirect = `${location.origin}${CALLBACK}`;
  const copy = (): void => {
    void navigator.clipboard.writeText(redirect).then(
      () => toast.success(t("signIn.codesCopied")),
      () => undefined,
    );
  };
  const test = async (id: string): Promise<void> => {
    setTesting(id);
    setOutcome(undefined);
    try {
      const { issuer } = await api.testProvider(id);
      setOutcome({ id, ok: true, text: t("rules.testOk", { issuer }) });
    } catch (error) {
      setOutcome({ id, ok: false, text: errorText(t, error) });
    }
    setTesting(undefined);
  };
  const remove = async (id: string): Promise<void> => {
    await reauth(() => api.removeProvider(id));
    await reload();
  };
  return (
    <Card
      title={t("rules.providers")}
      actions={
        <Button size="sm" onClick={() => setOpen({ what: "add" })}>
          <Plus aria-hidden="true" />
          {t("rules.add")}
        </Button>
      }
    >
      <p className="text-fg-muted text-xs">{t("rules.providersLead")}</p>
      <div className="mt-1 mb-3 flex items-center gap-1">
        <code className="min-w-0 flex-1 select-all break-all rounded-md bg-ground px-2 py-1 text-xs">{redirect}</code>
        <IconButton label={t("rules.copyRedirect")} onClick={copy}>
          <Copy aria-hidden="true" />
        </IconButton>
      </div>
      {providers.length === 0 ? (
        <p className="text-fg-muted text-sm">{t("rules.providersNone")}</p>
      ) : (
        <ul>
          {providers.map((provider) => (
            <CardRow
              key={provider.id}
              icon={<Building2 />}
              title={
                <>
                  {provider.name}
                  {!provider.enabled && (
                    <span className="ml-2 rounded-sm bg-active px-1.5 py-0.5 text-2xs text-fg-soft">
                      {t("rules.off")}
                    </span>
                  )}
                </>
              }
              note={
                <>
                  <span className="block [overflow-wrap:anywhere]">{provider.issuer}</span>
                  {outcome?.id === provider.id && (
                    <span role="status" className={outcome.ok ? "block text-ok" : "block text-danger"}>
                      {outcome.text}
                    </span>
                  )}
                </>
              }
            >
              <Button size="sm" busy={testing === provider.id} onClick={() => void test(provider.id)}>
                {t("rules.test")}
              </Button>
              <Button size="sm" onClick={() => setOpen({ what: "edit", provider })}>
                {t("rules.edit")}
              </Button>
              <Button size="sm" variant="ghost" onClick={() => setOpen({ what: "remove", provider })}>
                {t("common.remove")}
              </Button>
            </CardRow>
          ))}
        </ul>
      )}
      {(open?.what === "add" || open?.what === "edit") && (
        <ProviderDialog
          {...(open.what === "edit" ? { provider: open.provider } : {})}
          roles={roles}
          groups={groups}
          onSaved={async () => {
            await reload();
            close();
          }}
          onClose={close}
        />
      )}
      {open?.what === "remove" && (
        <Confirm
          title={t("rules.removeTitle", { name: open.provider.name })}
          lead={t("rules.removeLead")}
          action={t("common.remove")}
          onConfirm={() => remove(open.provider.id)}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
    </Card>
  );
}
