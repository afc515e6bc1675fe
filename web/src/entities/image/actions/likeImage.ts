import { HeartIcon } from "lucide-react";

import { likeImage as like, unlikeImage as unlike } from "@/api/generated";
import type { RunAction } from "@/entities/action";

import { patchLikes } from "../likes";

/** A public picture, by how many like it. */
export interface Likeable {
  id: string;
  likes: number;
  liked: boolean;
}

/** Shows at once, and goes back if the server refuses. */
export const likeImage: RunAction<Likeable> = {
  label: "picture.like",
  icon: HeartIcon,
  isOn: ({ liked }) => liked,
  run: async ({ id, likes, liked }, { client }) => {
    patchLikes(client, id, { likes: Math.max(0, likes + (liked ? -1 : 1)), liked: !liked });
    const fresh = await (liked ? unlike : like)({ path: { image_id: id } }).catch((error: unknown) => {
      patchLikes(client, id, { likes, liked });
      throw error;
    });
    patchLikes(client, id, fresh);
  },
};
