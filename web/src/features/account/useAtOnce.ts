import { useEffect } from "react";

import { useSingleMutation } from "@/entities/useSingleMutation";

import { takeLinkToken } from "./linkToken";

/** Does what a link in a mail is for, as soon as it is opened, and once. */
export function useAtOnce<Result>(work: (token: string) => Promise<Result>, onError?: () => unknown) {
  const mutation = useSingleMutation({ mutationFn: work, onError });
  const { mutate } = mutation;
  useEffect(() => {
    const token = takeLinkToken();
    if (token !== null) mutate(token);
  }, [mutate]);
  return mutation;
}
