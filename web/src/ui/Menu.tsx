/** Menus of actions: one that a button opens, and one that a right click or a long press opens. */
import { ContextMenu as BaseContext } from "@base-ui/react/context-menu";
import { Menu as Base } from "@base-ui/react/menu";
import { CheckIcon, ChevronRightIcon, type LucideIcon } from "lucide-react";
import type { ReactElement, ReactNode } from "react";

import { cx } from "./cx";
import { Keys } from "./Keys";
import styles from "./Popup.module.css";

interface MenuAction {
  kind?: "action";
  label: string;
  icon?: LucideIcon;
  /** The keys that do the same, as one presses them: "Ctrl+D". */
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

export type MenuEntry =
  | MenuAction
  | { kind: "check"; label: string; checked: boolean; onChange: (checked: boolean) => void }
  | { kind: "group"; label: string; entries: readonly MenuEntry[] }
  | { kind: "submenu"; label: string; icon?: LucideIcon; entries: readonly MenuEntry[] }
  | { kind: "line" };

interface MenuProps {
  /** The button that opens it. */
  button: ReactElement<Record<string, unknown>>;
  entries: readonly MenuEntry[];
  align?: "start" | "end";
  defaultOpen?: boolean;
}

export function Menu({ button, entries, align = "start", defaultOpen }: MenuProps) {
  return (
    <Base.Root defaultOpen={defaultOpen}>
      <Base.Trigger render={button} />
      <Base.Portal>
        <Base.Positioner align={align} sideOffset={6} className={styles.positioner}>
          <Base.Popup className={styles.popup}>
            <Entries entries={entries} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface ContextMenuProps {
  entries: readonly MenuEntry[];
  /** The area that it belongs to. */
  children: ReactNode;
  className?: string;
}

export function ContextMenu({ entries, children, className }: ContextMenuProps) {
  return (
    <BaseContext.Root>
      <BaseContext.Trigger className={className}>{children}</BaseContext.Trigger>
      <BaseContext.Portal>
        <BaseContext.Positioner className={styles.positioner}>
          <BaseContext.Popup className={styles.popup}>
            <Entries entries={entries} />
          </BaseContext.Popup>
        </BaseContext.Positioner>
      </BaseContext.Portal>
    </BaseContext.Root>
  );
}

function Entries({ entries }: { entries: readonly MenuEntry[] }) {
  return entries.map((entry, index) => <Entry key={index} entry={entry} />);
}

function Entry({ entry }: { entry: MenuEntry }) {
  switch (entry.kind) {
    case "line":
      return <Base.Separator className={styles.line} />;
    case "group":
      return (
        <Base.Group>
          <Base.GroupLabel className={styles.heading}>{entry.label}</Base.GroupLabel>
          <Entries entries={entry.entries} />
        </Base.Group>
      );
    case "check":
      return (
        <Base.CheckboxItem checked={entry.checked} onCheckedChange={entry.onChange} className={styles.item}>
          <span className={styles.tick}>
            <Base.CheckboxItemIndicator>
              <CheckIcon size={16} />
            </Base.CheckboxItemIndicator>
          </span>
          <span className={styles.label}>{entry.label}</span>
        </Base.CheckboxItem>
      );
    case "submenu":
      return (
        <Base.SubmenuRoot>
          <Base.SubmenuTrigger className={styles.item}>
            {entry.icon && <entry.icon size={16} />}
            <span className={styles.label}>{entry.label}</span>
            <ChevronRightIcon size={16} />
          </Base.SubmenuTrigger>
          <Base.Portal>
            <Base.Positioner sideOffset={-4} alignOffset={-4} className={styles.positioner}>
              <Base.Popup className={styles.popup}>
                <Entries entries={entry.entries} />
              </Base.Popup>
            </Base.Positioner>
          </Base.Portal>
        </Base.SubmenuRoot>
      );
    default:
      return (
        <Base.Item
          disabled={entry.disabled}
          onClick={entry.onSelect}
          className={cx(styles.item, entry.danger && styles.danger)}
        >
          {entry.icon && <entry.icon size={16} />}
          <span className={styles.label}>{entry.label}</span>
          {entry.keys && <Keys keys={entry.keys} />}
        </Base.Item>
      );
  }
}
