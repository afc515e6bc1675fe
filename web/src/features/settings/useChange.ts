import { useQueryClient } from "@tanstack/react-query";

import { asProblem } from "@/api/problem";
import { userKeys } from "@/entities/user/queries";
import { useSingleMutation } from "@/entities/useSingleMutation";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

interface Options<Result, Given> {
  /** Said when it is done. */
  said?: string;
  onDone?: (result: Result, given: Given) => void;
  /** Lists that it changes, besides the account and the ways into it. */
  changes?: readonly (readonly unknown[])[];
  /** Whoever uses it shows what went wrong beside it; otherwise that is a notice. */
  beside?: boolean;
}

/** Changes something of the account; what is shown of it is read again. */
export function useChange<Result, Given = void>(
  work: (given: Given) => Promise<Result>,
  { said, onDone, changes = [], beside = false }: Options<Result, Given> = {},
) {
  const client = useQueryClient();
  const i18n = useI18n();
  return useSingleMutation({
    mutationFn: work,
    onSuccess: (result, given) => {
      if (said !== undefined) toast(said, "good");
      onDone?.(result, given);
    },
    onError: (error) => {
      if (!beside) toast(problemText(i18n, asProblem(error)), "bad");
    },
    onSettled: () => {
      for (const queryKey of [userKeys.me, userKeys.signInMethods, ...changes])
        void client.invalidateQueries({ queryKey });
    },
  });
}
