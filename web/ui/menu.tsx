import { Check } from "lucide-react";
import { ContextMenu, DropdownMenu } from "radix-ui";
import { createContext, type ReactNode, useContext } from "react";
import { cn } from "./cn.ts";

const content =
  "z-50 min-w-44 max-w-72 max-h-(--radix-dropdown-menu-content-available-height) overflow-y-auto animate-appear rounded-lg bg-overlay p-1 shadow-float outline-none";
const item =
  "flex h-7 cursor-default select-none items-center gap-2 rounded-sm px-2 text-fg text-sm outline-none data-[disabled]:opacity-45 data-[highlighted]:bg-active coarse:h-11 [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-fg-muted";

/** One set of items serves the button menu and the context menu of the same thing. */
const MenuKind = createContext<"dropdown" | "context">("dropdown");

interface MenuProps {
  readonly trigger: ReactNode;
  readonly children: ReactNode;
  readonly align?: "start" | "center" | "end";
  readonly onOpenChange?: (open: boolean) => void;
}

export function Menu({ trigger, children, align = "end", onOpenChange }: MenuProps): ReactNode {
  return (
    <DropdownMenu.Root modal={false} {...(onOpenChange ? { onOpenChange } : {})}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align={align} sideOffset={4} collisionPadding={8} className={content}>
          <MenuKind value="dropdown">{children}</MenuKind>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** `disabled`: the trigger stays the same element, so that it keeps the focus when its menu comes and goes. */
export function RightClickMenu(props: MenuProps & { readonly disabled?: boolean }): ReactNode {
  const { trigger, children, onOpenChange, disabled = false } = props;
  return (
    <ContextMenu.Root modal={false} {...(onOpenChange ? { onOpenChange } : {})}>
      <ContextMenu.Trigger asChild disabled={disabled}>
        {trigger}
      </ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content collisionPadding={8} className={content}>
          <MenuKind value="context">{children}</MenuKind>
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

interface MenuItemProps {
  readonly icon?: ReactNode;
  readonly shortcut?: string;
  readonly danger?: boolean;
  readonly checked?: boolean;
  readonly disabled?: boolean;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}

export function MenuItem({
  icon,
  shortcut,
  danger,
  checked,
  disabled = false,
  onSelect,
  children,
}: MenuItemProps): ReactNode {
  const Item = useContext(MenuKind) === "dropdown" ? DropdownMenu.Item : ContextMenu.Item;
  return (
    <Item
      disabled={disabled}
      onSelect={onSelect}
      {...(checked === undefined ? {} : { role: "menuitemradio", "aria-checked": checked })}
      className={cn(item, danger && "text-danger [&_svg]:text-danger")}
    >
      {icon}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {checked && <Check aria-hidden="true" />}
      {shortcut !== undefined && <kbd className="font-sans text-fg-muted text-xs coarse:hidden">{shortcut}</kbd>}
    </Item>
  );
}

export function MenuSeparator(): ReactNode {
  const Separator = useContext(MenuKind) === "dropdown" ? DropdownMenu.Separator : ContextMenu.Separator;
  return <Separator className="my-1 h-px bg-line-strong" />;
}

export function MenuLabel({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="truncate px-2 pt-1.5 pb-1 text-2xs text-fg-muted">{children}</div>;
}
