import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { asProblem, type Problem } from "@/api/problem";
import { newIdempotencyKey } from "@/api/random";
import { untilKnown } from "@/api/untilKnown";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import type { RunAction } from "./action";
import { useSingleMutation } from "./useSingleMutation";

const thingOf = ({ thing }: { thing: unknown }) => thing;

interface Options<Result> {
  onDone?: (result: Result) => void;
  onFailed?: (problem: Problem) => void;
  /** Whoever uses it shows what went wrong beside it; otherwise that is a notice. */
  beside?: boolean;
}

/**
 * Does an action, exactly once for each press. While nobody knows what became of a press, pressing again on the same thing is that same
 * press still.
 */
export function useAction<Thing, Result>(
  action: RunAction<Thing, Result>,
  { onDone, onFailed, beside = false }: Options<Result> = {},
) {
  const client = useQueryClient();
  const i18n = useI18n();
  const unsettled = useRef<{ asked: string; key: string } | null>(null);

  const { mutate, isPending, error, reset } = useSingleMutation(
    {
      ...(action.once ? untilKnown : {}),
      mutationFn: ({ thing, key }: { thing: Thing; key: string }) => action.run(thing, { client, i18n, key }),
      onSuccess: (result) => {
        unsettled.current = null;
        onDone?.(result);
      },
      onError: (failure, { thing, key }) => {
        const problem = asProblem(failure);
        unsettled.current = action.once && problem.outcomeUnknown ? { asked: action.once(thing), key } : null;
        onFailed?.(problem);
        if (!beside) toast(problemText(i18n, problem), "bad");
      },
    },
    thingOf,
  );

  const run = (thing: Thing, then?: () => void) => {
    const before = unsettled.current;
    const same = before !== null && before.asked === action.once?.(thing);
    mutate({ thing, key: same ? before.key : newIdempotencyKey() }, { onSuccess: then });
  };
  const problem: Problem | null = error === null ? null : asProblem(error);
  return { run, busy: isPending, problem, forget: reset };
}
