import { useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { ApiToken } from "../../../shared/api/tokens.ts";
import { errorText } from "../../app/error-text.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices } from "../../app/services.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Page } from "../../ui/page.tsx";
import { EmptyState, FailureState, SkeletonRows } from "../../ui/states.tsx";
import { ServiceAccountDialog } from "./service-account-dialog.tsx";
import { TokenDialog } from "./token-dialog.tsx";
import { TokenTable } from "./token-table.tsx";
import { refreshTokens, useTokens } from "./use-tokens.ts";

/** Below Administration: everybody's tokens, and those of service accounts. */
export function AllTokensPage(): ReactNode {
  return <TokensPage all />;
}

/** One's own. */
export function OwnTokensPage(): ReactNode {
  return <TokensPage all={false} />;
}

type Open = "add" | "account" | ApiToken | undefined;

function TokensPage({ all }: { readonly all: boolean }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const may = useCan();
  const tokens = useTokens(all);
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const close = (): void => setOpen(undefined);
  const revoke = async (token: ApiToken): Promise<void> => {
    await api.revokeToken(token.id);
    toast.success(t("tokens.revoked", { name: token.name }));
    await refreshTokens(queries);
  };
  const add = (
    <Button variant="primary" onClick={() => setOpen("add")}>
      <Plus aria-hidden="true" />
      {t("tokens.add")}
    </Button>
  );
  return (
    <Page
      title={all ? t("tokens.title") : t("tokens.ownTitle")}
      lead={all ? t("tokens.lead") : t("tokens.ownLead")}
      actions={
        <>
          {all && may("user.manage") && <Button onClick={() => setOpen("account")}>{t("tokens.addAccount")}</Button>}
          {add}
        </>
      }
    >
      {tokens.isPending ? (
        <SkeletonRows count={4} />
      ) : tokens.isError && tokens.data === undefined ? (
        <FailureState
          title={t("tokens.failed")}
          lead={errorText(t, tokens.error)}
          onRetry={() => void tokens.refetch()}
        />
      ) : tokens.data.length === 0 ? (
        <EmptyState icon={<KeyRound />} title={t("tokens.empty")} lead={t("tokens.emptyLead")} action={add} />
      ) : (
        <TokenTable tokens={tokens.data} owners={all} onRevoke={setOpen} />
      )}
      {open === "add" && <TokenDialog all={all} onClose={close} />}
      {open === "account" && <ServiceAccountDialog onClose={close} />}
      {typeof open === "object" && (
        <Confirm
          title={t("tokens.revokeTitle", { name: open.name })}
          lead={t("tokens.revokeLead")}
          action={t("tokens.revoke")}
          onConfirm={() => revoke(open)}
          describeFailure={(error) => errorText(t, error)}
          onClose={close}
        />
      )}
    </Page>
  );
}
