import { ArrowLeftToLineIcon } from "lucide-react";

import type { RunAction } from "@/entities/action";

import { arrange } from "../arrange";
import type { Placed } from "../placed";

export const moveToFront: RunAction<Placed> = {
  label: "collection.move_to_front",
  icon: ArrowLeftToLineIcon,
  offered: ({ previous }) => previous !== undefined,
  run: async ({ collection, image, first }, { client }) => {
    if (first !== undefined) await arrange(client, collection, image.id, { before: first });
  },
};
