import { ArrowRightIcon } from "lucide-react";

import type { RunAction } from "@/entities/action";

import { arrange } from "../arrange";
import type { Placed } from "../placed";

export const moveLater: RunAction<Placed> = {
  label: "collection.move_later",
  icon: ArrowRightIcon,
  keys: ["]", "."],
  offered: ({ next }) => next !== undefined,
  run: async ({ collection, image, next }, { client }) => {
    if (next !== undefined) await arrange(client, collection, image.id, { after: next });
  },
};
