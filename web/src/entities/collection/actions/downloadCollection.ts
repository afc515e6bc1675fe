import { DownloadIcon } from "lucide-react";

import type { Collection } from "@/api/types";
import type { RunAction } from "@/entities/action";
import { downloadArchive } from "@/entities/image/downloadArchive";

/** All of its pictures as one zip. */
export const downloadCollection: RunAction<Pick<Collection, "id" | "image_count">> = {
  label: "collection.download",
  icon: DownloadIcon,
  offered: ({ image_count }) => image_count > 0,
  run: ({ id }) => downloadArchive({ of: "collection", collection_id: id }),
};
