import { FileOutputIcon } from "lucide-react";

import type { Image } from "@/api/types";
import type { FileAction } from "@/entities/action";

import { plainFileNameOf } from "../fileName";

/** The picture without how it was made; that AI made it, the file still says. */
export const downloadPlain: FileAction<Image> = {
  label: "picture.download_plain",
  icon: FileOutputIcon,
  file: (image) => ({ href: image.plain_file_url, name: plainFileNameOf(image) }),
};
