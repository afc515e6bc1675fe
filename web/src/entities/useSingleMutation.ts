import {
  hashKey,
  useMutation,
  type MutateOptions,
  type UseMutationOptions,
  type UseMutationResult,
} from "@tanstack/react-query";
import { useCallback, useRef } from "react";

const whole = (given: unknown) => given;

/**
 * A mutation that is begun by a press. A second press of the same, while the first is under way, is that one still: what is shown as busy
 * is drawn only after it. `asked` says which part of what is given makes it the same, and stays the same function.
 */
export function useSingleMutation<Result, Given = void>(
  options: UseMutationOptions<Result, Error, Given>,
  asked: (given: Given) => unknown = whole,
): UseMutationResult<Result, Error, Given> {
  const running = useRef(new Set<string>());
  const mutation = useMutation<Result, Error, Given>({
    ...options,
    onSettled: async (...outcome) => {
      try {
        await options.onSettled?.(...outcome);
      } finally {
        running.current.delete(nameOf(asked(outcome[2])));
      }
    },
  });

  const send = mutation.mutate as (given: Given, callbacks?: MutateOptions<Result, Error, Given>) => void;
  const mutate = useCallback(
    (given: Given, callbacks?: MutateOptions<Result, Error, Given>) => {
      const name = nameOf(asked(given));
      if (running.current.has(name)) return;
      running.current.add(name);
      send(given, callbacks);
    },
    [send, asked],
  );
  return { ...mutation, mutate: mutate as typeof mutation.mutate };
}

/** The event of a press, which a button gives to whoever asks for nothing, says nothing; nor does a file, of which one is sent at a time. */
function nameOf(what: unknown): string {
  const isData =
    typeof what !== "object" ||
    what === null ||
    Array.isArray(what) ||
    Object.getPrototypeOf(what) === Object.prototype;
  return isData ? hashKey([what]) : "";
}
