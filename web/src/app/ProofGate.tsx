/** Where a call waits that wants a fresh proof of who is there, while the person is asked. */
import { useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";

import { askForProofBy } from "@/api/proof";
import { userKeys } from "@/entities/user/queries";

import { page } from "./page";

const ProofDialog = page(async () => (await import("@/entities/user/ProofDialog")).ProofDialog);

export function ProofGate() {
  const client = useQueryClient();
  const [end, setEnd] = useState<((proven: boolean) => void) | null>(null);
  useEffect(
    () =>
      askForProofBy(() => {
        // What the person can prove it with may have changed since it was read.
        void client.invalidateQueries({ queryKey: userKeys.signInMethods });
        return new Promise((resolve) => setEnd(() => resolve));
      }),
    [client],
  );
  if (!end) return null;
  return (
    <Suspense>
      <ProofDialog
        onEnd={(proven) => {
          setEnd(null);
          end(proven);
        }}
      />
    </Suspense>
  );
}
