/** What the primitives share: the weight of icons, and the page's policy. */
import { CSPProvider } from "@base-ui/react/csp-provider";
import { LucideProvider } from "lucide-react";
import type { ReactNode } from "react";

export function UiProvider({ children }: { children: ReactNode }) {
  return (
    // The page's policy lets no <style> element in; base.css has the one rule that would stand in it.
    <CSPProvider disableStyleElements>
      <LucideProvider size={20} strokeWidth={1.75}>
        {children}
      </LucideProvider>
    </CSPProvider>
  );
}
