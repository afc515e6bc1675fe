import { RefreshCwIcon } from "lucide-react";

import type { Image, Recipe } from "@/api/types";
import type { LinkAction } from "@/entities/action";

/** Fills the form with what the picture was made with. */
export const reuseImage: LinkAction<Image> = {
  label: "picture.use_again",
  icon: RefreshCwIcon,
  keys: ["r"],
  // What was enlarged or uploaded says nothing that the form could take.
  offered: ({ generation_params }) => {
    const { job_type, prompt, source_image } = generation_params as Recipe;
    return job_type !== "upscale" && Boolean(prompt ?? source_image);
  },
  to: ({ id }) => `/create?image=${id}`,
};
