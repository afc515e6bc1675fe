/** Changes the chosen pictures, says how far that is, and offers to take it back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { asProblem } from "@/api/problem";
import { changeMany, rereadImages, undoMany, type ManyChange, type ManyImages } from "@/entities/image/many";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

/** One notice, from the first picture to the last. */
const NOTICE = "many-pictures";

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
    mutationFn: (tasks: readonly string[]) => undoMany(tasks, say(t("gallery.undoing"))),
    onSuccess: () => {
      rereadImages(client);
      toast(t("gallery.undone"), "good", { id: NOTICE });
    },
    onError: onFailed,
  });
  const changing = useMutation({
    mutationFn: ({ images, change }: { images: ManyImages; change: ManyChange }) =>
      changeMany(images, change, say(t("gallery.changing"))),
    onSuccess: (tasks, { images, change }) => {
      rereadImages(client);
      const said = change.action === "delete" ? "picture.deleted" : "gallery.changed";
      toast(t(said, { n: countOf(images) }), "good", {
        id: NOTICE,
        action: { label: t("picture.undo"), onPress: () => undoing.mutate(tasks) },
      });
    },
    onError: onFailed,
  });
  return {
    /** `then`: once it is done. */
    change: (images: ManyImages, change: ManyChange, then?: () => void) =>
      changing.mutate({ images, change }, { onSuccess: then }),
    busy: changing.isPending || undoing.isPending,
  };
}

export function countOf(images: ManyImages): number {
  return "ids" in images ? images.ids.length : images.count;
}
