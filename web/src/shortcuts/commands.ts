/** What can be done to what is open just now. Whoever shows it offers these, and the command palette lists them. */
import type { LucideIcon } from "lucide-react";
import { useEffect, useId, useRef, useSyncExternalStore } from "react";

export interface Command {
  id: string;
  label: string;
  icon?: LucideIcon;
  /** As in a `Shortcut`. */
  keys?: readonly string[];
  run: () => void;
}

interface Offered {
  /** What they are done to. */
  title: string;
  commands: readonly Command[];
}

let offers: readonly (Offered & { from: string })[] = [];
const listeners = new Set<() => void>();

/** Offers these while mounted. The newest offer stands first. */
export function useOfferCommands(title: string, commands: readonly Command[]): void {
  const from = useId();
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  // What they do may change with every render; what the palette shows of them does not.
  const marks = commands.map(({ id, label }) => `${id} ${label}`).join("\n");
  useEffect(() => {
    const offered = latest.current.map((command) => ({
      ...command,
      run: () => latest.current.find(({ id }) => id === command.id)?.run(),
    }));
    change([{ from, title, commands: offered }, ...offers.filter((offer) => offer.from !== from)]);
    return () => change(offers.filter((offer) => offer.from !== from));
  }, [from, title, marks]);
}

export function useOfferedCommands(): readonly (Offered & { from: string })[] {
  return useSyncExternalStore(onChange, () => offers);
}

function change(next: typeof offers): void {
  offers = next;
  for (const listener of listeners) listener();
}

function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
