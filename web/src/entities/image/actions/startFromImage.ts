import { ImageIcon } from "lucide-react";

import type { Image } from "@/api/types";
import type { LinkAction } from "@/entities/action";

/** Makes the picture the one that a new one starts from. */
export const startFromImage: LinkAction<Image> = {
  label: "picture.start_from",
  icon: ImageIcon,
  keys: ["s"],
  to: ({ id }) => `/create?source=${id}`,
};
