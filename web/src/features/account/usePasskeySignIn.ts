import { useEffect, useRef } from "react";

import { askForPasskey, loginWithPasskey } from "@/api/generated";
import { asProblem, type Problem } from "@/api/problem";
import { signIn } from "@/api/session";
import { fillsInPasskeys, showPasskey } from "@/entities/user/webauthn";
import { useSingleMutation } from "@/entities/useSingleMutation";

/** What the browser is asked with lives for five minutes at the server. */
const ASK_AGAIN_MS = 4 * 60_000;

/** Signs in with a passkey: by a button, and, where the browser can, by picking one where the address is typed. */
export function usePasskeySignIn(offered: boolean, onMore?: (problem: Problem) => void) {
  const listening = useRef<AbortController | null>(null);
  const { mutate, isPending, error } = useSingleMutation({
    mutationFn: async () => {
      // A browser answers one question at a time.
      listening.current?.abort();
      await signInBy();
    },
    onError: (failure) => {
      const problem = asProblem(failure);
      if (problem.code === "account_suspended") onMore?.(problem);
    },
  });

  useEffect(() => {
    if (!offered) return;
    let timer: number | undefined;
    const listen = async () => {
      const asked = new AbortController();
      listening.current?.abort();
      listening.current = asked;
      if (!(await fillsInPasskeys()) || asked.signal.aborted) return;
      timer = window.setTimeout(() => void listen(), ASK_AGAIN_MS);
      // Nobody has pressed anything, so what goes wrong is not told: the button tells.
      await signInBy(asked.signal).catch(() => undefined);
    };
    void listen();
    return () => {
      window.clearTimeout(timer);
      listening.current?.abort();
    };
  }, [offered]);

  return { busy: isPending, error, signInNow: () => mutate() };
}

async function signInBy(whenPicked?: AbortSignal): Promise<void> {
  const { public_key } = await askForPasskey({ signal: whenPicked });
  const credential = await showPasskey(public_key, whenPicked);
  signIn(await loginWithPasskey({ body: { credential } }));
}
