import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Permission } from "../../../shared/api/access.ts";
import { queryKeys } from "../../api/queries.ts";
import { useCan } from "../../app/permissions.ts";
import { useServices, useUser } from "../../app/services.ts";
import { Field, Select } from "../../ui/field.tsx";

/** Whom a token or a display acts for. */
export interface Owner {
  readonly id: string;
  readonly name: string;
  readonly service: boolean;
  readonly permissions: ReadonlySet<Permission>;
}

/** Oneself, and the service accounts as far as one may see them. Never another person: the server would refuse. */
export function useOwners(all: boolean): readonly Owner[] {
  const { api } = useServices();
  const me = useUser();
  const may = useCan();
  const users = useQuery({
    queryKey: queryKeys.users,
    queryFn: ({ signal }) => api.users(signal),
    enabled: all && may("user.manage"),
  });
  const services = (users.data ?? [])
    .filter(({ role, enabled, id }) => role === "api-only" && enabled && id !== me.id)
    .map(({ id, username, permissions }) => owner(id, username, true, permissions));
  return [owner(me.id, me.username, false, me.permissions), ...services];
}

function owner(id: string, name: string, service: boolean, permissions: readonly Permission[] = []): Owner {
  return { id, name, service, permissions: new Set(permissions) };
}

interface OwnerFieldProps {
  readonly owners: readonly Owner[];
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (ownerId: string) => void;
}

export function OwnerField({ owners, value, error, onChange }: OwnerFieldProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Field label={t("tokens.actsFor")} hint={t("tokens.actsForHint")} error={error}>
      {(control) => (
        <Select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
          {owners.map(({ id, name, service }) => (
            <option key={id} value={id}>
              {service ? t("tokens.serviceAccount", { name }) : t("tokens.myself", { name })}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
