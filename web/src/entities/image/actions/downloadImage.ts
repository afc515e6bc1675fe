import { DownloadIcon } from "lucide-react";

import type { Image } from "@/api/types";
import type { FileAction } from "@/entities/action";

import { fileNameOf } from "../fileName";

export const downloadImage: FileAction<Image> = {
  label: "picture.download",
  icon: DownloadIcon,
  keys: ["d"],
  file: (image) => ({ href: image.file_url, name: fileNameOf(image) }),
};
