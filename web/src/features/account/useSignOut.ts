import { useMutation } from "@tanstack/react-query";

import { logout } from "@/api/generated";
import { signOut } from "@/api/session";
import { settleDeletions } from "@/entities/image/deletions";

export function useSignOut(): { busy: boolean; leave: () => void } {
  const { isPending, mutate } = useMutation({
    // Whatever the server says, this browser forgets.
    mutationFn: async () => {
      await settleDeletions();
      await logout().catch(() => null);
    },
    onSettled: () => signOut(),
  });
  return { busy: isPending, leave: mutate };
}
