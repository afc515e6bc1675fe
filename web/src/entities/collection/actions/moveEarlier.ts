import { ArrowLeftIcon } from "lucide-react";

import type { RunAction } from "@/entities/action";

import { arrange } from "../arrange";
import type { Placed } from "../placed";

export const moveEarlier: RunAction<Placed> = {
  label: "collection.move_earlier",
  icon: ArrowLeftIcon,
  keys: ["[", ","],
  offered: ({ previous }) => previous !== undefined,
  run: async ({ collection, image, previous }, { client }) => {
    if (previous !== undefined) await arrange(client, collection, image.id, { before: previous });
  },
};
