import { startTransition, useEffect, useState } from "react";

/**
 * False in the first drawing and true in a second one, which the page does in pieces between which it takes keys. (A deferred value
 * would do, were the first drawing never a deferred one itself: then it is drawn with it.)
 */
export function useLater(already = false): boolean {
  const [later, setLater] = useState(already);
  useEffect(() => startTransition(() => setLater(true)), []);
  return later;
}
