import { Share2Icon } from "lucide-react";

import { updateImage } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { patchImage } from "../cache";

export type Visibility = Image["visibility"];

export const VISIBILITIES = ["private", "unlisted", "public"] as const satisfies readonly Visibility[];

/** A picture, and who is to see it. */
interface Sharing {
  id: string;
  visibility: Visibility;
}

export const shareImage: RunAction<Sharing> = {
  label: "picture.share",
  icon: Share2Icon,
  run: async ({ id, visibility }, { client }) => {
    const fresh = await updateImage({ path: { image_id: id }, body: { visibility } });
    // Its addresses change with it.
    patchImage(client, id, () => fresh);
  },
};
