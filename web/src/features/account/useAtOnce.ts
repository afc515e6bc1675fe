import { useEffect, useState } from "react";

import { useSingleMutation } from "@/entities/useSingleMutation";

import { keepOutcome, keptOutcome, takeLinkToken } from "./linkToken";

/** Does what a link in a mail is for, as soon as it is opened, and once. Where the page is opened again, what came of it is still there. */
export function useAtOnce<Result>(work: (token: string) => Promise<Result>, onError?: () => unknown) {
  const [kept] = useState(() => keptOutcome() as Result | undefined);
  const mutation = useSingleMutation({ mutationFn: work, onError, onSuccess: keepOutcome });
  const { mutate } = mutation;
  useEffect(() => {
    const token = kept === undefined ? takeLinkToken() : null;
    if (token !== null) mutate(token);
  }, [mutate, kept]);
  return { ...mutation, data: mutation.data ?? kept };
}
