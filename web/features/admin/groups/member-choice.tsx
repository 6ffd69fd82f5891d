import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { UserGroup } from "../../../../shared/api/access.ts";
import { useUsers } from "../../../api/queries.ts";
import { useServices } from "../../../app/services.ts";
import { Input } from "../../../ui/field.tsx";

interface MemberChoiceProps {
  readonly group: UserGroup | undefined;
  /** Ids of those who are in it by hand. */
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

/** Who is in the group. Those whom a provider put in are said to be so: it takes them out again. */
export function MemberChoice({ group, chosen, onChange }: MemberChoiceProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const users = useUsers(api);
  const [query, setQuery] = useState("");
  const wanted = query.trim().toLocaleLowerCase();
  const shown = (users.data ?? []).filter(({ username, displayName }) =>
    `${username} ${displayName}`.toLocaleLowerCase().includes(wanted),
  );
  const fromProvider = new Set((group?.members ?? []).filter((one) => one.byProvider).map(({ userId }) => userId));
  const toggle = (userId: string, on: boolean): void => {
    const next = new Set(chosen);
    if (on) next.add(userId);
    else next.delete(userId);
    onChange(next);
  };
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 flex w-full items-baseline justify-between font-medium text-fg-soft text-xs">
        {t("access.groups.members")}
        <span className="nums font-normal text-fg-muted">
          {t("access.groups.membersCount", { count: new Set([...chosen, ...fromProvider]).size })}
        </span>
      </legend>
      <Input
        type="search"
        aria-label={t("access.groups.searchMembers")}
        placeholder={t("access.groups.searchMembers")}
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
      />
      <ul className="max-h-48 overflow-y-auto rounded-md border border-line">
        {shown.map((user) => (
          <li key={user.id}>
            <label className="flex h-7 cursor-pointer items-center gap-2 px-2 text-sm hover:bg-hover coarse:h-11">
              <input
                type="checkbox"
                className="size-4 accent-accent coarse:size-5"
                checked={chosen.has(user.id)}
                onChange={(event) => toggle(user.id, event.target.checked)}
              />
              <span className="truncate">{user.username}</span>
              {fromProvider.has(user.id) && (
                <span
                  className="rounded-sm bg-active px-1.5 py-0.5 text-2xs text-fg-soft"
                  title={t("access.groups.fromProviderHint")}
                >
                  {t("access.groups.fromProvider")}
                </span>
              )}
              <span className="ml-auto truncate pl-3 text-fg-muted text-xs">{user.displayName}</span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
