import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { UserGroup } from "../../../../shared/api/access.ts";
import { ApiError } from "../../../api/api-error.ts";
import { errorText, fieldText } from "../../../app/error-text.ts";
import { FormDialog } from "../../../app/form-dialog.tsx";
import { useServices } from "../../../app/services.ts";
import { useSubmit } from "../../../app/use-submit.ts";
import { useReauth } from "../../auth/reauth-provider.tsx";
import { finished, type GrantDraft, linesAtFault, sameGrants } from "../grants/grant-drafts.ts";
import { GrantsEditor } from "../grants/grants-editor.tsx";
import { NameFields } from "../grants/name-fields.tsx";
import { refreshAccess, useRoles } from "../grants/use-access.ts";
import { MemberChoice } from "./member-choice.tsx";

interface GroupDialogProps {
  readonly group?: UserGroup;
  readonly onClose: () => void;
}

/** A group: its name, who is in it, what it holds. */
export function GroupDialog({ group, onClose }: GroupDialogProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const reauth = useReauth();
  const queries = useQueryClient();
  const roles = useRoles();
  const byHand = (group?.members ?? []).filter((member) => member.byHand).map(({ userId }) => userId);
  const [name, setName] = useState(group?.name ?? "");
  const [description, setDescription] = useState(group?.description ?? "");
  const [members, setMembers] = useState<ReadonlySet<string>>(new Set(byHand));
  const [grants, setGrants] = useState<readonly GrantDraft[]>(group?.grants ?? []);
  /** A new group that was made, where a later step was refused: the next try goes on from there. */
  const [made, setMade] = useState<UserGroup>();
  const whole = finished(grants);

  const save = async (wanted: NonNullable<typeof whole>): Promise<void> => {
    const body = { name: name.trim(), description };
    const at = group ?? made ?? (await api.createGroup(body));
    if (group === undefined) setMade(at);
    if (at.name !== body.name || at.description !== body.description) await api.updateGroup(at.id, body);
    // Members first: putting people in needs no more than the group gives, which here is less.
    const same = members.size === byHand.length && byHand.every((id) => members.has(id));
    if (!same) await reauth(() => api.setGroupMembers(at.id, [...members]));
    if (!sameGrants(at.grants, wanted)) await reauth(() => api.setGroupGrants(at.id, wanted));
  };

  const form = useSubmit(async () => {
    if (whole === undefined) return;
    try {
      await save(whole);
    } finally {
      // What was done before a refusal is done.
      await refreshAccess(queries);
    }
    toast.success(t("access.groups.saved", { name: name.trim() }));
    onClose();
  });
  const { error } = form;

  const problems = error instanceof ApiError ? linesAtFault(error.details, errorText(t, error)) : new Map();
  const nameError = fieldText(t, error, "name");
  return (
    <FormDialog
      form={form}
      title={group === undefined ? t("access.groups.addTitle") : t("access.groups.editTitle", { name: group.name })}
      action={group === undefined ? t("common.add") : t("common.save")}
      ready={name.trim() !== "" && whole !== undefined}
      atField={nameError !== undefined || problems.size > 0}
      className="max-w-2xl"
      onClose={onClose}
    >
      <NameFields
        name={name}
        nameError={nameError}
        autoFocus={group === undefined}
        description={description}
        onName={setName}
        onDescription={setDescription}
      />
      <GrantsEditor
        grants={grants}
        roles={roles.data ?? []}
        problems={problems}
        onChange={(changed) => {
          setGrants(changed);
          form.clearError();
        }}
      />
      <MemberChoice group={group} chosen={members} onChange={setMembers} />
      {group !== undefined && group.mappings.length > 0 && (
        <div className="flex flex-col gap-1">
          <h3 className="font-medium text-fg-soft text-xs">{t("access.groups.mappings")}</h3>
          <p className="text-fg-muted text-xs">{t("access.groups.mappingsLead")}</p>
          <ul className="list-inside list-disc text-sm">
            {group.mappings.map((mapping) => (
              <li key={`${mapping.provider} ${mapping.group}`}>{t("access.groups.mapping", mapping)}</li>
            ))}
          </ul>
        </div>
      )}
    </FormDialog>
  );
}
