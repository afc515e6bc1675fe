import { useState } from "react";

import type { Problem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { fieldText } from "@/ui/problemText";

/** What the server said of the fields of a dialog, until they are changed. `place` says whether it spoke of any. */
export function useSaid<Name extends string>(names: readonly Name[]) {
  const i18n = useI18n();
  const [said, setSaid] = useState<Partial<Record<Name, string>>>({});
  const place = (problem: Problem): boolean => {
    const found = names.flatMap((name) => {
      const wrong = problem.for(name);
      return wrong ? [[name, fieldText(i18n, wrong)] as const] : [];
    });
    setSaid(Object.fromEntries(found) as Partial<Record<Name, string>>);
    return found.length > 0;
  };
  return { said, place, forget: () => setSaid({}) };
}
