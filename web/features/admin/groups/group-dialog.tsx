import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { UserGroup } from "../../../../shared/api/access.ts";
import { ApiError } from "../../../api/api-error.ts";
import { errorText, fieldText } from "../../../app/error-text.ts";
import { useServices } from "../../../app/services.ts";
import { Button } from "../../../ui/button.tsx";
import { Dialog } from "../../../ui/dialog.tsx";
import { Field, Input } from "../../../ui/field.tsx";
import { useReauth } from "../../auth/reauth-provider.tsx";
import { finished, type GrantDraft, linesAtFault, sameGrants } from "../grants/grant-drafts.ts";
import { GrantsEditor } from "../grants/grants-editor.tsx";
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
  const formId = useId();
  const byHand = (group?.members ?? []).filter((member) => member.byHand).map(({ userId }) => userId);
  const [name, setName] = useState(group?.name ?? "");
  const [description, setDescription] = useState(group?.description ?? "");
  const [members, setMembers] = useState<ReadonlySet<string>>(new Set(byHand));
  const [grants, setGrants] = useState<readonly GrantDraft[]>(group?.grants ?? []);
  /** A new group that was made, where a later step was refused: the next try goes on from there. */
  const [made, setMade] = useState<UserGroup>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const whole = finished(grants);
  const ready = name.trim() !== "" && whole !== undefined;

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

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready || whole === undefined) return;
    setBusy(true);
    setError(undefined);
    try {
      await save(whole);
      toast.success(t("access.groups.saved", { name: name.trim() }));
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    } finally {
      await refreshAccess(queries);
    }
  };

  const problems = error instanceof ApiError ? linesAtFault(error.details, errorText(t, error)) : new Map();
  const nameError = fieldText(t, error, "name");
  return (
    <Dialog
      open
      modalToClicks
      onOpenChange={(open) => !open && onClose()}
      title={group === undefined ? t("access.groups.addTitle") : t("access.groups.editTitle", { name: group.name })}
      className="max-w-2xl"
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={formId} variant="primary" busy={busy} disabled={!ready}>
            {group === undefined ? t("common.add") : t("common.save")}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {error !== undefined && nameError === undefined && problems.size === 0 && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm">
            {errorText(t, error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t("common.name")} error={nameError}>
            {(control) => (
              <Input
                {...control}
                autoFocus={group === undefined}
                autoComplete="off"
                maxLength={100}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Field label={t("access.groups.description")} optional={t("common.optional")}>
            {(control) => (
              <Input
                {...control}
                autoComplete="off"
                maxLength={400}
                value={description}
                onChange={(event) => setDescription(event.target.value)}
              />
            )}
          </Field>
        </div>
        <GrantsEditor
          grants={grants}
          roles={roles.data ?? []}
          problems={problems}
          onChange={(changed) => {
            setGrants(changed);
            setError(undefined);
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
      </form>
    </Dialog>
  );
}
