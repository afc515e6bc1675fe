/** Short notices that come and go. What a person must act on stands beside its cause, not here. */
import { Toast } from "@base-ui/react/toast";

export type Tone = "info" | "good" | "bad";

export interface ToastData {
  tone: Tone;
  /** From 0 to 100; null: under way, nobody knows how far. */
  progress?: number | null;
  /** Words beside the button, and what it does: taking something back, most of all. */
  action?: { label: string; onPress: () => void };
}

export interface ToastOptions extends Partial<Omit<ToastData, "tone">> {
  /** Stays until it is dismissed, or replaced under the same id. */
  stays?: boolean;
  id?: string;
  /** It has gone from sight, however that came. */
  onClose?: () => void;
}

const STAYS_MS = 6000;
/** Longer where there is something to press. */
const STAYS_WITH_ACTION_MS = 10_000;

export const toasts = Toast.createToastManager<ToastData>();

/** Shows a notice. The same words twice are one; the same `id` replaces what was said before. */
export function toast(text: string, tone: Tone = "info", options: ToastOptions = {}): string {
  const { stays, id = text, onClose, ...data } = options;
  return toasts.add({
    id,
    description: text,
    type: tone,
    priority: tone === "bad" ? "high" : "low",
    onClose,
    timeout: stays ? 0 : data.action ? STAYS_WITH_ACTION_MS : STAYS_MS,
    data: { tone, ...data },
  });
}
