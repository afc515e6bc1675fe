import { asProblem } from "./problem";

const TRIES = 3;

/** Repeats a call that carries an idempotency key while nobody knows what became of it, or the first one still runs. */
export const untilKnown = {
  retry: (failures: number, error: unknown) => {
    const { outcomeUnknown, code } = asProblem(error);
    return failures < TRIES && (outcomeUnknown || code === "conflict");
  },
  retryDelay: (failures: number) => 500 * 2 ** failures,
};
