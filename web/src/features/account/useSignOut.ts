import { logout } from "@/api/generated";
import { endView, readSession, signOut } from "@/api/session";
import { useSingleMutation } from "@/entities/useSingleMutation";

export function useSignOut(): { busy: boolean; leave: () => void } {
  const { isPending, mutate } = useSingleMutation({
    // Whatever the server says, this browser forgets.
    mutationFn: async () => {
      // Whoever looks through somebody's eyes is not that person: they go back to themselves.
      if (isViewed()) return;
      await logout().catch(() => null);
    },
    onSettled: () => (isViewed() ? endView() : signOut()),
  });
  return { busy: isPending, leave: mutate };
}

function isViewed(): boolean {
  const session = readSession();
  return session.status === "signed-in" && session.viewed === true;
}
