import { StarIcon } from "lucide-react";

import { updateImage } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { patchImage } from "../cache";
import { imageKeys } from "../queries";

/** Shows at once, and goes back if the server refuses. */
export const favoriteImage: RunAction<Image> = {
  label: "picture.favorite",
  icon: StarIcon,
  keys: ["f"],
  isOn: (image) => image.is_favorite,
  run: async ({ id, is_favorite }, { client }) => {
    const show = (value: boolean) => patchImage(client, id, (image) => ({ ...image, is_favorite: value }));
    show(!is_favorite);
    const fresh = await updateImage({ path: { image_id: id }, body: { is_favorite: !is_favorite } }).catch(
      (error: unknown) => {
        show(is_favorite);
        throw error;
      },
    );
    show(fresh.is_favorite);
    // A list on its way was read before the change, perhaps.
    if (client.isFetching({ queryKey: imageKeys.images }) > 0) {
      void client.invalidateQueries({ queryKey: imageKeys.images });
    }
    // The list of favorites is another list now; it is read again when it is next shown.
    void client.invalidateQueries({ queryKey: imageKeys.imagesOf({ favorite: true }), refetchType: "none" });
  },
};
