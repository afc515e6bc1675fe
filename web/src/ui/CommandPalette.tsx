/** Everything that can be done, found by typing. */
import { Command, defaultFilter } from "cmdk";
import type { LucideIcon } from "lucide-react";

import styles from "./CommandPalette.module.css";
import { Dialog } from "./Dialog";
import { Keys } from "./Keys";

export interface PaletteCommand {
  id: string;
  label: string;
  /** Other words that find it. */
  words?: string[];
  icon?: LucideIcon;
  /** The address of a small picture, in place of an icon. */
  picture?: string;
  /** As one presses them, one after the other: ["G", "C"]. */
  keys?: readonly string[];
  disabled?: boolean;
  onSelect: () => void;
}

interface PaletteGroup {
  label: string;
  commands: readonly PaletteCommand[];
}

interface CommandPaletteProps {
  label: string;
  placeholder: string;
  /** What the list says when nothing fits. */
  none: string;
  groups: readonly PaletteGroup[];
  open: boolean;
  onClose: () => void;
}

export function CommandPalette({ label, open, onClose, ...rest }: CommandPaletteProps) {
  return (
    <Dialog
      label={label}
      open={open}
      onClose={onClose}
      bare
      high
      onKeyDown={(event) => {
        // It may lie above another dialog, which is not to close with it.
        if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
        event.stopPropagation();
        onClose();
      }}
    >
      <CommandList label={label} onChosen={onClose} {...rest} />
    </Dialog>
  );
}

interface CommandListProps extends Omit<CommandPaletteProps, "open" | "onClose"> {
  /** Runs before what was chosen, so that it may open something of its own. */
  onChosen?: () => void;
}

export function CommandList({ label, placeholder, none, groups, onChosen }: CommandListProps) {
  return (
    <Command label={label} loop filter={found} className={styles.palette}>
      <Command.Input placeholder={placeholder} className={styles.input} />
      <Command.List label={label} className={styles.list}>
        <Command.Empty className={styles.none}>{none}</Command.Empty>
        {groups.map((group) => (
          <Command.Group key={group.label} heading={group.label} className={styles.group}>
            {group.commands.map((command) => (
              <Command.Item
                key={command.id}
                value={command.id}
                keywords={[command.label, ...(command.words ?? [])]}
                disabled={command.disabled}
                onSelect={() => {
                  onChosen?.();
                  command.onSelect();
                }}
                className={styles.item}
              >
                {command.picture ? (
                  <img src={command.picture} alt="" className={styles.picture} />
                ) : (
                  command.icon && <command.icon size={18} />
                )}
                <span className={styles.words}>{command.label}</span>
                {command.keys && <Keys keys={command.keys} />}
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  );
}

/** A syllable of Hangul on its way finds what it will be part of: its letters are compared, not the syllables. */
function found(value: string, search: string, keywords: string[] = []): number {
  const letters = (text: string) => text.normalize("NFD");
  return defaultFilter(letters(value), letters(search), keywords.map(letters));
}
