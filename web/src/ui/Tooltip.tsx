/** The name of a control without words, shown beside it. The control has that name for assistive technology itself. */
import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement } from "react";

import { Keys } from "./Keys";
import popup from "./Popup.module.css";
import styles from "./Tooltip.module.css";

interface TooltipProps {
  text: string;
  keys?: string | undefined;
  side?: "top" | "bottom" | "left" | "right";
  defaultOpen?: boolean;
  /** The control it belongs to. */
  children: ReactElement<Record<string, unknown>>;
}

/** Escape closes the dialog that the control is in, not its name alone. */
function letEscapePass(_open: boolean, details: Base.Root.ChangeEventDetails): void {
  if (details.reason === "escape-key") details.allowPropagation();
}

export function Tooltip({ text, keys, side = "top", defaultOpen, children }: TooltipProps) {
  return (
    <Base.Root defaultOpen={defaultOpen} onOpenChange={letEscapePass}>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className={popup.positioner}>
          <Base.Popup className={styles.tooltip} aria-hidden="true">
            {text}
            {keys && <Keys keys={keys} />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
