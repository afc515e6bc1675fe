import { SparklesIcon } from "lucide-react";

import { updateImage } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { patchImage } from "../cache";
import { imageKeys } from "../queries";

/** 0: nothing is said of it. */
export const RATINGS = [0, 1, 2, 3, 4, 5] as const;

interface Rated {
  image: Pick<Image, "id" | "rating">;
  rating: number;
}

/** Shows at once, and goes back if the server refuses. */
export const rateImage: RunAction<Rated> = {
  label: "picture.rating",
  icon: SparklesIcon,
  run: async ({ image: { id, rating: before }, rating }, { client }) => {
    const show = (value: number) => patchImage(client, id, (image) => ({ ...image, rating: value }));
    show(rating);
    const fresh = await updateImage({ path: { image_id: id }, body: { rating } }).catch((error: unknown) => {
      show(before);
      throw error;
    });
    show(fresh.rating);
    // Lists by rating are other lists now; they are read again when they are next shown.
    void client.invalidateQueries({ queryKey: imageKeys.images, refetchType: "none" });
  },
};
