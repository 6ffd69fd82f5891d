import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import type { Profile } from "../../../shared/api/identity.ts";
import { THEMES, type Theme } from "../../../shared/api/schemas.ts";
import { fieldMessage } from "../../api/api-error.ts";
import { errorText } from "../../app/error-text.ts";
import { useServices, useUser } from "../../app/services.ts";
import { changeLanguage, LANGUAGE_NAMES, LANGUAGES, type Language } from "../../i18n/i18n.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Field, Input, Select } from "../../ui/field.tsx";
import { accountKeys } from "./use-account.ts";

/** Name, language and appearance. The last two hold at once, here and wherever the user signs in. */
export function ProfileCard({ profile }: { readonly profile: Profile }): ReactNode {
  const { t, i18n } = useTranslation();
  const { api, session } = useServices();
  const user = useUser();
  const queries = useQueryClient();
  const [name, setName] = useState(profile.displayName);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const save = async (change: { displayName?: string; language?: Language; theme?: Theme }): Promise<void> => {
    setError(undefined);
    try {
      const saved = await api.updateProfile(change);
      queries.setQueryData(accountKeys.profile, saved);
      session.updateUser({ ...user, displayName: saved.displayName, language: saved.language }, saved.theme);
      if (change.language !== undefined) changeLanguage(i18n, saved.language);
      if (change.displayName !== undefined) toast.success(t("account.saved"));
    } catch (caught) {
      setError(caught);
    }
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    await save({ displayName: name.trim() });
    setBusy(false);
  };
  const atName = fieldMessage(error, "displayName");
  const changed = name.trim() !== "" && name.trim() !== profile.displayName;
  return (
    <Card title={t("account.profile")}>
      <form className="grid gap-4 sm:grid-cols-2" onSubmit={(event) => void submit(event)}>
        {error !== undefined && atName === undefined && (
          <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-sm sm:col-span-2">
            {errorText(t, error)}
          </p>
        )}
        <Field label={t("account.displayName")} error={atName}>
          {(control) => (
            <span className="flex gap-2">
              <Input
                {...control}
                name="displayName"
                autoComplete="name"
                maxLength={100}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
              <Button type="submit" busy={busy} disabled={!changed}>
                {t("common.save")}
              </Button>
            </span>
          )}
        </Field>
        <Field label={t("account.username")}>
          {(control) => <Input {...control} value={profile.username} readOnly disabled />}
        </Field>
        <Field label={t("account.language")}>
          {(control) => (
            <Select
              {...control}
              name="language"
              // Before anything was chosen: what the browser wanted.
              value={i18n.resolvedLanguage === "ko" ? "ko" : "en"}
              onChange={(event) => void save({ language: event.target.value as Language })}
            >
              {LANGUAGES.map((language) => (
                <option key={language} value={language}>
                  {LANGUAGE_NAMES[language]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t("account.theme")}>
          {(control) => (
            <Select
              {...control}
              name="theme"
              value={profile.theme}
              onChange={(event) => void save({ theme: event.target.value as Theme })}
            >
              {THEMES.map((theme) => (
                <option key={theme} value={theme}>
                  {t(`account.themes.${theme}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </form>
    </Card>
  );
}
