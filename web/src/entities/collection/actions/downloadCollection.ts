import { DownloadIcon, FileOutputIcon } from "lucide-react";

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

/** The same without how they were made. */
export const downloadCollectionPlain: RunAction<Pick<Collection, "id" | "image_count">> = {
  label: "picture.download_plain",
  icon: FileOutputIcon,
  offered: ({ image_count }) => image_count > 0,
  run: ({ id }) => downloadArchive({ of: "collection", collection_id: id, notes: "without" }),
};
