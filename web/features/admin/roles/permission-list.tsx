import { Check, Minus } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { CAMERA_PERMISSIONS, type Permission, SYSTEM_PERMISSIONS } from "../../../../shared/api/access.ts";
import { cn } from "../../../ui/cn.ts";
import { permissionKey } from "../grants/access-text.ts";

interface PermissionListProps {
  readonly held: ReadonlySet<Permission>;
  /** Left out: shown, not changed. */
  readonly onChange?: (held: ReadonlySet<Permission>) => void;
}

/** All rights there are in two parts, with what each means. */
export function PermissionList({ held, onChange }: PermissionListProps): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-5">
      <Part title={t("access.onCameras")} all={CAMERA_PERMISSIONS} held={held} onChange={onChange} />
      <Part
        title={t("access.onServer")}
        hint={t("access.onServerHint")}
        all={SYSTEM_PERMISSIONS}
        held={held}
        onChange={onChange}
      />
    </div>
  );
}

interface PartProps {
  readonly title: string;
  readonly hint?: string;
  readonly all: readonly Permission[];
  readonly held: ReadonlySet<Permission>;
  readonly onChange: PermissionListProps["onChange"] | undefined;
}

function Part({ title, hint, all, held, onChange }: PartProps): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  const number = all.filter((permission) => held.has(permission)).length;
  const setAll = (on: boolean): void => {
    const next = new Set(held);
    for (const permission of all) {
      if (on) next.add(permission);
      else next.delete(permission);
    }
    onChange?.(next);
  };
  return (
    <section aria-labelledby={id}>
      <div className="mb-1 flex items-baseline gap-3">
        <h3 id={id} className="font-semibold text-sm">
          {title}
        </h3>
        <span className="nums text-fg-muted text-xs">{t("access.countOf", { number, total: all.length })}</span>
        {onChange !== undefined && (
          <label className="ml-auto flex items-center gap-1.5 text-fg-soft text-xs coarse:min-h-11">
            <input
              type="checkbox"
              className="size-4 accent-accent coarse:size-5"
              checked={number === all.length}
              onChange={(event) => setAll(event.target.checked)}
            />
            {t("access.allOf")}
          </label>
        )}
      </div>
      {hint !== undefined && <p className="mb-1 text-fg-muted text-xs">{hint}</p>}
      <ul className="grid gap-x-6 sm:grid-cols-2">
        {all.map((permission) => (
          <Right
            key={permission}
            permission={permission}
            held={held.has(permission)}
            {...(onChange === undefined
              ? {}
              : {
                  onToggle: (on: boolean) => {
                    const next = new Set(held);
                    if (on) next.add(permission);
                    else next.delete(permission);
                    onChange(next);
                  },
                })}
          />
        ))}
      </ul>
    </section>
  );
}

interface RightProps {
  readonly permission: Permission;
  readonly held: boolean;
  readonly onToggle?: (on: boolean) => void;
}

function Right({ permission, held, onToggle }: RightProps): ReactNode {
  const { t } = useTranslation();
  const id = useId();
  const key = permissionKey(permission);
  const words = (
    <span className="min-w-0">
      <span id={`${id}-name`} className={cn("block text-sm", !held && onToggle === undefined && "text-fg-muted")}>
        {t(`access.permissions.${key}`)}
      </span>
      <span id={id} className="block text-fg-muted text-xs">
        {t(`access.permissionHints.${key}`)}
      </span>
    </span>
  );
  if (onToggle === undefined) {
    return (
      <li className="flex items-start gap-2 border-line border-b py-1.5 [&_svg]:mt-0.5 [&_svg]:size-4 [&_svg]:shrink-0">
        {held ? (
          <Check className="text-ok" role="img" aria-label={t("access.roles.gives")} />
        ) : (
          <Minus className="text-fg-muted/60" role="img" aria-label={t("access.roles.givesNot")} />
        )}
        {words}
      </li>
    );
  }
  return (
    <li className="border-line border-b">
      <label className="flex cursor-pointer items-start gap-2 py-1.5 hover:bg-hover coarse:min-h-11">
        <input
          type="checkbox"
          aria-labelledby={`${id}-name`}
          aria-describedby={id}
          className="mt-0.5 size-4 shrink-0 accent-accent coarse:size-5"
          checked={held}
          onChange={(event) => onToggle(event.target.checked)}
        />
        {words}
      </label>
    </li>
  );
}
