import { useEffect, useState } from "react";

/** Seconds that run down, second by second, from what was last said; null while nothing was. */
export function useCountdown(said: number | null): number | null {
  const [run, setRun] = useState({ said, passed: 0 });
  if (run.said !== said) setRun({ said, passed: 0 });
  useEffect(() => {
    if (said === null) return;
    const since = performance.now();
    const timer = setInterval(() => setRun({ said, passed: (performance.now() - since) / 1000 }), 1000);
    return () => clearInterval(timer);
  }, [said]);
  return said === null ? null : Math.max(0, said - run.passed);
}
