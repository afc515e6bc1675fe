import { FileOutputIcon } from "lucide-react";

import { getImage } from "@/api/generated";
import type { Image } from "@/api/types";
import type { RunAction } from "@/entities/action";

import { plainFileNameOf } from "../fileName";
import { saveFile } from "../saveFile";

/** The picture without how it was made; that AI made it, the file still says. */
export const downloadPlain: RunAction<Image> = {
  label: "picture.download_plain",
  icon: FileOutputIcon,
  run: async (image) => {
    const { plain_file_url } = await getImage({ path: { image_id: image.id } });
    saveFile({ href: plain_file_url, name: plainFileNameOf(image) });
  },
};
