import { TagIcon } from "lucide-react";

import { updateImage } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { patchImage } from "../cache";
import { imageKeys } from "../queries";
import { tagKeys } from "../tags";

/** A picture, and the tags that it is to have. */
interface Tagging {
  image: Pick<Image, "id" | "tags">;
  tags: string[];
}

/** Shows at once, and goes back if the server refuses. */
export const tagImage: RunAction<Tagging> = {
  label: "picture.tags",
  icon: TagIcon,
  run: async ({ image: { id, tags: before }, tags }, { client }) => {
    const show = (value: string[]) => patchImage(client, id, (image) => ({ ...image, tags: value }));
    show(tags);
    const fresh = await updateImage({ path: { image_id: id }, body: { tags } }).catch((error: unknown) => {
      show(before);
      throw error;
    });
    show(fresh.tags);
    void client.invalidateQueries({ queryKey: tagKeys.all });
    // Lists by tags are other lists now; they are read again when they are next shown.
    void client.invalidateQueries({ queryKey: imageKeys.images, refetchType: "none" });
  },
};
