import { Maximize2Icon } from "lucide-react";

import type { JobBatch } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { submit } from "@/entities/job/submit";

import { enlargeRequest } from "../scales";

/** A picture, and how many times larger it is to be. */
interface Enlargement {
  id: string;
  scale: number;
}

export const upscaleImage: RunAction<Enlargement, JobBatch> = {
  label: "picture.enlarge",
  icon: Maximize2Icon,
  once: ({ id, scale }) => `${id} ${scale}`,
  run: ({ id, scale }, { client, key }) => submit(client, enlargeRequest(id, scale), key),
};
