import { Plus, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { AccessRole, GrantBody, GrantScope } from "../../../../shared/api/access.ts";
import { Button } from "../../../ui/button.tsx";
import { cn } from "../../../ui/cn.ts";
import { inputClass, Select } from "../../../ui/field.tsx";
import { IconButton } from "../../../ui/icon-button.tsx";
import { useWall } from "../../live/wall-context.tsx";
import { losesServerRights, roleName, scopeText } from "./access-text.ts";
import { type GrantDraft, isTwice } from "./grant-drafts.ts";
import { ScopePicker } from "./scope-picker.tsx";

interface GrantsEditorProps {
  readonly grants: readonly GrantDraft[];
  readonly roles: readonly AccessRole[];
  /** By the index of the grant: what the server says is wrong with it. */
  readonly problems?: ReadonlyMap<number, string>;
  readonly readOnly?: boolean;
  readonly onChange: (grants: readonly GrantDraft[]) => void;
}

/** Which roles somebody holds on what: one line each. */
export function GrantsEditor({ grants, roles, problems, readOnly = false, onChange }: GrantsEditorProps): ReactNode {
  const { t } = useTranslation();
  /** The line whose scope is being chosen. */
  const [picking, setPicking] = useState<number>();
  const change = (index: number, part: Partial<GrantDraft>): void =>
    onChange(grants.map((grant, at) => (at === index ? { ...grant, ...part } : grant)));
  const add = (): void => {
    const viewer = roles.find(({ id }) => id === "viewer") ?? roles[0];
    if (viewer === undefined) return;
    // Nobody is given the whole system by leaving the line as it came.
    onChange([...grants, { roleId: viewer.id, scope: undefined }]);
    setPicking(grants.length);
  };
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 font-medium text-fg-soft text-xs">{t("access.grants.legend")}</legend>
      {grants.length === 0 && <p className="text-fg-muted text-sm">{t("access.grants.none")}</p>}
      <ul className="flex flex-col gap-2">
        {grants.map((grant, index) => (
          <GrantLine
            // biome-ignore lint/suspicious/noArrayIndexKey: a line stays where it is while its role and scope change
            key={index}
            grant={grant}
            roles={roles}
            readOnly={readOnly}
            picking={picking === index}
            problem={problems?.get(index) ?? (isTwice(grants, index) ? t("access.grants.twice") : undefined)}
            onPick={() => setPicking(picking === index ? undefined : index)}
            onRole={(roleId) => change(index, { roleId })}
            onScope={(scope) => {
              change(index, { scope });
              setPicking(undefined);
            }}
            onRemove={() => {
              setPicking(undefined);
              onChange(grants.filter((_, at) => at !== index));
            }}
          />
        ))}
      </ul>
      {!readOnly && (
        <div>
          <Button size="sm" disabled={roles.length === 0} onClick={add}>
            <Plus aria-hidden="true" />
            {t("access.grants.add")}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

interface GrantLineProps {
  readonly grant: GrantDraft;
  readonly roles: readonly AccessRole[];
  readonly readOnly: boolean;
  readonly picking: boolean;
  readonly problem: string | undefined;
  readonly onPick: () => void;
  readonly onRole: (roleId: GrantBody["roleId"]) => void;
  readonly onScope: (scope: GrantScope) => void;
  readonly onRemove: () => void;
}

function GrantLine(props: GrantLineProps): ReactNode {
  const { grant, roles, readOnly, picking, problem, onPick, onRole, onScope, onRemove } = props;
  const { t } = useTranslation();
  const { camerasById } = useWall();
  const role = roleName(t, grant.roleId, roles);
  const scope = grant.scope === undefined ? t("access.grants.choose") : scopeText(t, grant.scope, camerasById);
  const loses = losesServerRights(
    roles.find(({ id }) => id === grant.roleId),
    grant.scope,
  );
  return (
    <li className="flex flex-col gap-1">
      <div className="flex items-center gap-2">
        <Select
          aria-label={t("access.grants.role")}
          className="w-2/5"
          disabled={readOnly}
          value={grant.roleId}
          onChange={(event) => onRole(event.target.value as GrantBody["roleId"])}
        >
          {roles.map(({ id }) => (
            <option key={id} value={id}>
              {roleName(t, id, roles)}
            </option>
          ))}
        </Select>
        <button
          type="button"
          aria-label={`${t("access.grants.scope")}: ${scope}`}
          aria-expanded={picking}
          aria-invalid={problem !== undefined || undefined}
          disabled={readOnly}
          onClick={onPick}
          className={cn(inputClass, "flex-1 truncate text-left", grant.scope === undefined && "text-fg-muted")}
        >
          {scope}
        </button>
        {!readOnly && (
          <IconButton label={t("access.grants.remove", { role, scope })} onClick={onRemove}>
            <Trash2 aria-hidden="true" />
          </IconButton>
        )}
      </div>
      {problem !== undefined && (
        <p role="alert" className="text-danger text-xs">
          {problem}
        </p>
      )}
      {loses && <p className="text-fg-muted text-xs">{t("access.grants.cameraRightsOnly")}</p>}
      {picking && <ScopePicker chosen={grant.scope} onChoose={onScope} />}
    </li>
  );
}
