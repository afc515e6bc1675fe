import { DownloadIcon, FileOutputIcon } from "lucide-react";

import type { FilterIn } from "@/api/generated";
import type { RunAction } from "@/entities/action";

import { downloadArchive } from "../downloadArchive";

type Many = { ids: readonly string[] } | { filter: FilterIn };

/** Many pictures as one zip. */
export const downloadMany: RunAction<Many> = {
  label: "picture.download",
  icon: DownloadIcon,
  run: (images) => downloadArchive(bodyOf(images)),
};

/** The same without how they were made. */
export const downloadManyPlain: RunAction<Many> = {
  label: "picture.download_plain",
  icon: FileOutputIcon,
  run: (images) => downloadArchive({ ...bodyOf(images), notes: "without" }),
};

function bodyOf(images: Many) {
  return "ids" in images
    ? { of: "images" as const, ids: [...images.ids] }
    : { of: "filter" as const, filter: images.filter };
}
