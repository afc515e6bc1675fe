/** How the person likes the page and their pictures. Kept by the server, so that it follows them to other devices. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { changeMe } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { Me } from "@/api/types";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { mergePatch, type Patch } from "./mergePatch";
import { meQuery, userKeys } from "./queries";

export type Preferences = Me["profile"]["preferences"];

/** undefined: not known yet. */
export function usePreferences(): Preferences | undefined {
  return useQuery(meQuery).data?.profile.preferences;
}

/** Saves what changed, and nothing else: another device may have changed the rest. Shown at once, and taken back where it fails. */
export function useSavePreferences(): {
  save: (patch: Patch<Preferences>, whenSaved?: () => void) => void;
  busy: boolean;
} {
  const client = useQueryClient();
  const i18n = useI18n();
  const { mutate, isPending } = useMutation({
    mutationFn: (preferences: Patch<Preferences>) => changeMe({ body: { preferences } }),
    // One after the other, in the order in which they were chosen.
    scope: { id: "preferences" },
    onMutate: (patch) => {
      void client.cancelQueries({ queryKey: userKeys.me });
      client.setQueryData<Me>(
        userKeys.me,
        (me) =>
          me && {
            ...me,
            profile: { ...me.profile, preferences: mergePatch(me.profile.preferences, patch) },
          },
      );
    },
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
    onSettled: () => client.invalidateQueries({ queryKey: userKeys.me }),
  });
  return { save: (patch, whenSaved) => mutate(patch, { onSuccess: whenSaved }), busy: isPending };
}
