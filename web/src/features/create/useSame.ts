import { useState } from "react";

/** The same object as before while all its parts are the same, so that what is drawn from it need not be drawn again. */
export function useSame<T extends object>(value: T): T {
  const [kept, setKept] = useState(value);
  if (same(kept, value)) return kept;
  setKept(value);
  return value;
}

function same<T extends object>(one: T, other: T): boolean {
  const names = Object.keys(other) as (keyof T)[];
  return Object.keys(one).length === names.length && names.every((name) => Object.is(one[name], other[name]));
}
