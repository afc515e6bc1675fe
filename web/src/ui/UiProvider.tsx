/** What the primitives share: tooltips that follow each other without waiting, the weight of icons, and the page's policy. */
import { CSPProvider } from "@base-ui/react/csp-provider";
import { Tooltip } from "@base-ui/react/tooltip";
import { LucideProvider } from "lucide-react";
import type { ReactNode } from "react";

const TOOLTIP_AFTER_MS = 500;

export function UiProvider({ children }: { children: ReactNode }) {
  return (
    // The page's policy lets no <style> element in; base.css has the one rule that would stand in it.
    <CSPProvider disableStyleElements>
      <LucideProvider size={20} strokeWidth={1.75}>
        <Tooltip.Provider delay={TOOLTIP_AFTER_MS}>{children}</Tooltip.Provider>
      </LucideProvider>
    </CSPProvider>
  );
}
