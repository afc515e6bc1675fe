import { useMutation } from "@tanstack/react-query";

import { logout } from "@/api/generated";
import { signOut } from "@/api/session";

export function useSignOut(): { busy: boolean; leave: () => void } {
  const { isPending, mutate } = useMutation({
    // Whatever the server says, this browser forgets.
    mutationFn: () => logout().catch(() => null),
    onSettled: signOut,
  });
  return { busy: isPending, leave: mutate };
}
