import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRole, UserGroup } from "../../../shared/api/access.ts";
import { Button } from "../../ui/button.tsx";
import { Input, Select } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import type { RuleDraft } from "./provider-form.ts";
import { roleName } from "./role-name.ts";

interface GroupMappingProps {
  readonly rules: readonly RuleDraft[];
  readonly roles: readonly AccessRole[];
  readonly groups: readonly UserGroup[];
  readonly onChange: (rules: readonly RuleDraft[]) => void;
}

/** Which group at the provider gives which role and group here. */
export function GroupMapping({ rules, roles, groups, onChange }: GroupMappingProps): ReactNode {
  const { t } = useTranslation();
  const added = useRef(0);
  const change = (key: string, part: Partial<RuleDraft>): void =>
    onChange(rules.map((rule) => (rule.key === key ? { ...rule, ...part } : rule)));
  const add = (): void => {
    added.current++;
    onChange([...rules, { key: `new-${added.current}`, group: "", roleId: "", groupIds: [] }]);
  };
  return (
    <fieldset>
      <legend className="font-medium text-fg-soft text-xs">{t("rules.mapping")}</legend>
      <p className="mb-2 text-fg-muted text-xs">{t("rules.mappingHint")}</p>
      <ul className="flex flex-col gap-2">
        {rules.map((rule) => (
          <li key={rule.key} className="flex flex-wrap items-center gap-2 rounded-md border border-line p-2">
            <Input
              aria-label={t("rules.group")}
              placeholder={t("rules.group")}
              autoFocus={rule.key.startsWith("new-")}
              maxLength={256}
              value={rule.group}
              onChange={(event) => change(rule.key, { group: event.target.value })}
              className="flex-1 basis-36"
            />
            <Select
              aria-label={t("rules.role")}
              value={rule.roleId}
              onChange={(event) => change(rule.key, { roleId: event.target.value })}
              className="flex-1 basis-32"
            >
              <option value="">
                {t("rules.role")}: {t("rules.nothing")}
              </option>
              {roles.map((role) => (
                <option key={role.id} value={role.id}>
                  {roleName(t, role)}
                </option>
              ))}
            </Select>
            {groups.length > 0 && (
              <Select
                aria-label={t("rules.ourGroup")}
                value={rule.groupIds[0] ?? ""}
                onChange={(event) =>
                  // Further groups, which only a program can have set, stay.
                  change(rule.key, {
                    groupIds: [event.target.value, ...rule.groupIds.slice(1)].filter((id) => id !== ""),
                  })
                }
                className="flex-1 basis-32"
              >
                <option value="">
                  {t("rules.ourGroup")}: {t("rules.nothing")}
                </option>
                {groups.map((group) => (
                  <option key={group.id} value={group.id}>
                    {group.name}
                  </option>
                ))}
              </Select>
            )}
            <IconButton
              label={t("rules.removeRule")}
              onClick={() => onChange(rules.filter(({ key }) => key !== rule.key))}
            >
              <Trash2 aria-hidden="true" />
            </IconButton>
          </li>
        ))}
      </ul>
      <Button size="sm" className="mt-2" onClick={add}>
        <Plus aria-hidden="true" />
        {t("rules.addRule")}
      </Button>
    </fieldset>
  );
}
