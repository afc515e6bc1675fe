/** Tooltips within it follow each other without waiting. */
import { Tooltip } from "@base-ui/react/tooltip";
import type { ReactNode } from "react";

const AFTER_MS = 500;

export function TooltipGroup({ children }: { children: ReactNode }) {
  return <Tooltip.Provider delay={AFTER_MS}>{children}</Tooltip.Provider>;
}
