/** What can be done to a picture. Favourites show at once and go back if the server refuses. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { deleteImage, updateImage } from "@/api/generated";
import { asProblem } from "@/api/problem";
import type { Image } from "@/api/types";
import { jobKeys } from "@/entities/job/queries";
import { userKeys } from "@/entities/user/queries";
import { useI18n } from "@/i18n/useI18n";
import { problemText } from "@/ui/problemText";
import { toast } from "@/ui/toasts";

import { patchImage, removeImage } from "./cache";
import { imageKeys } from "./queries";

export function useImageActions() {
  const client = useQueryClient();
  const i18n = useI18n();

  const favorite = useMutation({
    mutationFn: ({ id, is_favorite }: Pick<Image, "id" | "is_favorite">) =>
      updateImage({ path: { image_id: id }, body: { is_favorite } }),
    onMutate: ({ id, is_favorite }) => patchImage(client, id, (image) => ({ ...image, is_favorite })),
    onError: (error, { id, is_favorite }) => {
      patchImage(client, id, (image) => ({ ...image, is_favorite: !is_favorite }));
      toast(problemText(i18n, asProblem(error)), "bad");
    },
    onSuccess: (fresh) => {
      patchImage(client, fresh.id, (image) => ({ ...image, is_favorite: fresh.is_favorite }));
      // A list on its way was read before the change, perhaps.
      if (client.isFetching({ queryKey: imageKeys.images }) > 0) {
        void client.invalidateQueries({ queryKey: imageKeys.images });
      }
      // The list of favorites is another list now; it is read again when it is next shown.
      void client.invalidateQueries({
        queryKey: imageKeys.imagesOf({ favorite: true }),
        refetchType: "none",
      });
    },
  });

  const remove = useMutation({
    mutationFn: (id: string) => deleteImage({ path: { image_id: id } }),
    onSuccess: (_, id) => {
      removeImage(client, id);
      toast(i18n.t("picture.deleted"));
      for (const queryKey of [jobKeys.jobs, userKeys.me]) void client.invalidateQueries({ queryKey });
    },
    onError: (error) => toast(problemText(i18n, asProblem(error)), "bad"),
  });

  return {
    toggleFavorite: (image: Image) => favorite.mutate({ id: image.id, is_favorite: !image.is_favorite }),
    remove: (id: string, then: () => void) => remove.mutate(id, { onSuccess: then }),
    removing: remove.isPending,
  };
}
