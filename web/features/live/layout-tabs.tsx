import {
  ChevronDown,
  Copy,
  Eraser,
  Grid2x2Check,
  Pencil,
  Plus,
  Save,
  Share2,
  Trash2,
  Undo2,
  Users,
} from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "../../app/error-text.ts";
import { RenameDialog } from "../../app/rename-dialog.tsx";
import { Button } from "../../ui/button.tsx";
import { cn } from "../../ui/cn.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Menu, MenuItem, MenuSeparator, RightClickMenu } from "../../ui/menu.tsx";
import { ALL_TAB, activeTab, isDirty, type WallTab } from "./layout-reducer.ts";
import { useLayoutActions } from "./use-layout-actions.ts";
import { useWall } from "./wall-context.tsx";

type Open = { readonly what: "rename" | "delete"; readonly tab: WallTab } | undefined;

/** Layouts as tabs: arrow keys walk along them, the active one has a menu, every one a context menu. */
export function LayoutTabs(): ReactNode {
  const { t } = useTranslation();
  const { state, dispatch } = useWall();
  const actions = useLayoutActions();
  const [open, setOpen] = useState<Open>();
  const active = activeTab(state);

  useEffect(() => {
    document.getElementById(`layout-${active.id}`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active.id]);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.stopPropagation();
    const index = state.tabs.indexOf(active);
    const next = state.tabs[(index + step + state.tabs.length) % state.tabs.length];
    if (next === undefined) return;
    dispatch({ type: "activate", id: next.id });
    document.getElementById(`layout-${next.id}`)?.focus();
  };

  return (
    <>
      <div
        role="tablist"
        aria-label={t("layouts.tabs")}
        onKeyDown={onKeyDown}
        className="flex h-full min-w-0 items-end gap-0.5 overflow-x-auto overflow-y-hidden [scrollbar-width:none]"
      >
        {state.tabs.map((tab, index) => (
          <RightClickMenu
            key={tab.id}
            trigger={
              <div
                className={cn(
                  "group relative flex h-full shrink-0 items-center",
                  tab === active &&
                    "after:absolute after:inset-x-1 after:bottom-0 after:h-0.5 after:rounded-full after:bg-accent",
                )}
              >
                <button
                  type="button"
                  role="tab"
                  id={`layout-${tab.id}`}
                  aria-selected={tab === active}
                  tabIndex={tab === active ? 0 : -1}
                  onClick={() => dispatch({ type: "activate", id: tab.id })}
                  onDoubleClick={() => tab.id !== ALL_TAB && actions.mayChange(tab) && setOpen({ what: "rename", tab })}
                  className={cn(
                    "flex h-7 max-w-48 items-center gap-1.5 rounded-md px-2 text-sm coarse:h-10",
                    tab === active
                      ? "pr-7 font-medium text-fg coarse:pr-11"
                      : "text-fg-muted hover:bg-hover hover:text-fg",
                  )}
                >
                  {tab.shared && <Users className="size-3.5 shrink-0" aria-label={t("layouts.shared")} />}
                  <span className="truncate">{actions.title(tab)}</span>
                  {isDirty(tab) && <UnsavedDot />}
                  {index < 9 && (
                    <kbd className="hidden font-sans text-2xs text-fg-muted group-hover:inline coarse:hidden!">
                      ⇧{index + 1}
                    </kbd>
                  )}
                </button>
                {tab === active && (
                  <span className="absolute right-0.5">
                    <Menu
                      align="start"
                      trigger={
                        <button
                          type="button"
                          aria-label={t("layouts.menuOf", { name: actions.title(tab) })}
                          className="grid size-6 place-items-center rounded-sm text-fg-muted hover:bg-hover hover:text-fg coarse:size-10"
                        >
                          <ChevronDown className="size-3.5" aria-hidden="true" />
                        </button>
                      }
                    >
                      <LayoutMenuItems tab={tab} onOpen={setOpen} />
                    </Menu>
                  </span>
                )}
              </div>
            }
          >
            <LayoutMenuItems tab={tab} onOpen={setOpen} />
          </RightClickMenu>
        ))}
      </div>
      <LayoutDialogs open={open} onClose={() => setOpen(undefined)} />
    </>
  );
}

function UnsavedDot(): ReactNode {
  const { t } = useTranslation();
  return (
    <span
      role="img"
      aria-label={t("layouts.unsaved")}
      title={t("layouts.unsaved")}
      className="size-1.5 shrink-0 rounded-full bg-accent"
    />
  );
}

/** The same on a phone, where tabs have no room. */
export function LayoutSwitcher(): ReactNode {
  const { t } = useTranslation();
  const { state, dispatch } = useWall();
  const actions = useLayoutActions();
  const [open, setOpen] = useState<Open>();
  const active = activeTab(state);
  return (
    <>
      <Menu
        align="start"
        trigger={
          <Button
            variant="ghost"
            size="sm"
            className="min-w-0 shrink text-sm text-fg"
            aria-label={`${t("layouts.switchTo")}: ${actions.title(active)}`}
          >
            <span className="truncate">{actions.title(active)}</span>
            {isDirty(active) && <UnsavedDot />}
            <ChevronDown className="text-fg-muted" aria-hidden="true" />
          </Button>
        }
      >
        {state.tabs.map((tab) => (
          <MenuItem key={tab.id} checked={tab === active} onSelect={() => dispatch({ type: "activate", id: tab.id })}>
            {actions.title(tab)}
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuItem icon={<Plus />} onSelect={() => actions.create()}>
          {t("layouts.new")}
        </MenuItem>
        <LayoutMenuItems tab={active} onOpen={setOpen} />
      </Menu>
      <LayoutDialogs open={open} onClose={() => setOpen(undefined)} />
    </>
  );
}

function LayoutMenuItems({ tab, onOpen }: { readonly tab: WallTab; readonly onOpen: (open: Open) => void }): ReactNode {
  const { t } = useTranslation();
  const { state, dispatch } = useWall();
  const actions = useLayoutActions();
  const all = tab.id === ALL_TAB;
  const mayChange = actions.mayChange(tab);
  const dirty = isDirty(tab);
  const inTab = (run: () => void) => () => {
    dispatch({ type: "activate", id: tab.id });
    run();
  };
  return (
    <>
      <MenuItem
        icon={<Save />}
        shortcut="Ctrl+S"
        disabled={!dirty || !mayChange}
        onSelect={() => void actions.save(tab)}
      >
        {t("layouts.save")}
      </MenuItem>
      <MenuItem
        icon={<Undo2 />}
        disabled={!dirty || (!all && tab.saved === undefined)}
        onSelect={() => dispatch({ type: "revert", id: tab.id })}
      >
        {t("layouts.revert")}
      </MenuItem>
      <MenuSeparator />
      {!all && (
        <MenuItem icon={<Pencil />} disabled={!mayChange} onSelect={() => onOpen({ what: "rename", tab })}>
          {t("layouts.rename")}
        </MenuItem>
      )}
      <MenuItem icon={<Copy />} onSelect={() => actions.create(tab)}>
        {t("layouts.duplicate")}
      </MenuItem>
      {!all && (
        <MenuItem
          icon={<Share2 />}
          disabled={!mayChange || !actions.mayShare}
          onSelect={() => void actions.share(tab, !tab.shared)}
        >
          {tab.shared ? t("layouts.unshare") : t("layouts.share")}
        </MenuItem>
      )}
      <MenuItem
        icon={<Grid2x2Check />}
        disabled={state.cameraIds.length === 0}
        onSelect={inTab(() => dispatch({ type: "fill" }))}
      >
        {t("layouts.fill")}
      </MenuItem>
      <MenuItem icon={<Eraser />} onSelect={inTab(() => dispatch({ type: "clear-all" }))}>
        {t("layouts.clear")}
      </MenuItem>
      {!all && (
        <>
          <MenuSeparator />
          <MenuItem icon={<Trash2 />} danger disabled={!mayChange} onSelect={() => onOpen({ what: "delete", tab })}>
            {t("layouts.delete")}
          </MenuItem>
        </>
      )}
    </>
  );
}

function LayoutDialogs({ open, onClose }: { readonly open: Open; readonly onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { dispatch } = useWall();
  const actions = useLayoutActions();
  if (open === undefined) return null;
  const { tab, what } = open;
  if (what === "rename") {
    return (
      <RenameDialog
        title={t("layouts.renameTitle")}
        action={t("layouts.rename")}
        name={tab.name}
        onClose={onClose}
        onRename={async (name) => {
          dispatch({ type: "rename", id: tab.id, name });
          onClose();
        }}
      />
    );
  }
  return (
    <Confirm
      title={t("layouts.deleteTitle", { name: actions.title(tab) })}
      lead={tab.shared ? t("layouts.deleteSharedLead") : t("layouts.deleteLead")}
      action={t("common.remove")}
      onConfirm={() => actions.remove(tab)}
      describeFailure={(error) => errorText(t, error)}
      onClose={onClose}
    />
  );
}
