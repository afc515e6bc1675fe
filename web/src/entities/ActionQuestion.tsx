import { useI18n } from "@/i18n/useI18n";
import { ConfirmDialog } from "@/ui/ConfirmDialog";

import type { RunAction } from "./action";

interface ActionQuestionProps<Thing> {
  action: RunAction<Thing>;
  thing: Thing;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks what an action wants to have asked before it is done. */
export function ActionQuestion<Thing>({ action, thing, ...rest }: ActionQuestionProps<Thing>) {
  const i18n = useI18n();
  const question = action.question?.(thing, i18n);
  return question && <ConfirmDialog {...question} look={action.danger ? "danger" : "primary"} {...rest} />;
}
