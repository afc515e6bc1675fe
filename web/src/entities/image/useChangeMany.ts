/** Changes the chosen pictures, says how far that is, and offers to take it back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { asProblem } from "@/api/problem";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import {
  changeMany,
  rereadImages,
  trashSame,
  undoMany,
  type Done,
  type ManyChange,
  type ManyImages,
  type Progress,
} from "./many";

/** One notice, from the first picture to the last. */
const NOTICE = "many-pictures";

interface Work {
  said: "picture.deleted" | "picture.many_changed";
  run: (onProgress: Progress) => Promise<Done>;
}

export function useChangeMany() {
  const client = useQueryClient();
  const i18n = useI18n();
  const { t } = i18n;
  const onFailed = (error: unknown) => {
    rereadImages(client);
    toast(problemText(i18n, asProblem(error)), "bad", { id: NOTICE });
  };
  const say = (text: string) => (done: number, of: number) => {
    if (of > 0) toast(text, "info", { id: NOTICE, stays: true, progress: Math.min(100, (done / of) * 100) });
  };
  const undoing = useMutation({
    mutationFn: (tasks: readonly string[]) => undoMany(tasks, say(t("picture.many_undoing"))),
    onSuccess: () => {
      rereadImages(client);
      toast(t("picture.many_undone"), "good", { id: NOTICE });
    },
    onError: onFailed,
  });
  const changing = useMutation({
    mutationFn: ({ run }: Work) => run(say(t("picture.many_changing"))),
    onSuccess: ({ tasks, count }, { said }) => {
      rereadImages(client);
      toast(t(said, { n: count }), "good", {
        id: NOTICE,
        action: { label: t("picture.undo"), onPress: () => undoing.mutate(tasks) },
      });
    },
    onError: onFailed,
  });
  return {
    /** `then`: once it is done. */
    change: (images: ManyImages, change: ManyChange, then?: () => void) =>
      changing.mutate(
        {
          said: change.action === "delete" ? "picture.deleted" : "picture.many_changed",
          run: async (onProgress) => ({
            tasks: await changeMany(images, change, onProgress),
            count: countOf(images),
          }),
        },
        { onSuccess: then },
      ),
    /** All copies of the same bytes but one of each: those in `keep`, or the suggested ones. */
    trashSame: (keep: readonly string[], then?: () => void) =>
      changing.mutate(
        { said: "picture.deleted", run: (onProgress) => trashSame(keep, onProgress) },
        { onSuccess: then },
      ),
    busy: changing.isPending || undoing.isPending,
  };
}

export function countOf(images: ManyImages): number {
  return "ids" in images ? images.ids.length : images.count;
}
