/** Short notices that come and go. What a person must act on stands beside its cause, not here. */
export interface Toast {
  id: number;
  text: string;
  tone: "info" | "good" | "bad";
}

const STAYS_MS = 6000;

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

export function toast(text: string, tone: Toast["tone"] = "info"): void {
  const id = (last += 1);
  // The same words twice are one notice.
  change([...toasts.filter((other) => other.text !== text), { id, text, tone }].slice(-4));
  setTimeout(() => dismiss(id), STAYS_MS);
}

export function dismiss(id: number): void {
  change(toasts.filter((other) => other.id !== id));
}

export function readToasts(): readonly Toast[] {
  return toasts;
}

export function onToasts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}
