import { DownloadIcon } from "lucide-react";

import type { FilterIn } from "@/api/generated";
import type { RunAction } from "@/entities/action";

import { downloadArchive } from "../downloadArchive";

/** Many pictures as one zip. */
export const downloadMany: RunAction<{ ids: readonly string[] } | { filter: FilterIn }> = {
  label: "picture.download",
  icon: DownloadIcon,
  run: (images) =>
    downloadArchive(
      "ids" in images ? { of: "images", ids: [...images.ids] } : { of: "filter", filter: images.filter },
    ),
};
